#pragma once

#include <string>
#include <vector>

#include "server/core/config.hpp"
#include "stile/base/address.hpp"

namespace stile::server {

// What flags are written as. Each throws StartError for a text that is not of its form, with the
// flag's name.

[[noreturn]] void bad(const char* flag, const std::string& text, const char* form);

IpAddress address(const char* flag, const std::string& text);
/// MIN-MAX.
relay::PortRange port_range(const char* flag, const std::string& text);
std::vector<IpPrefix> prefixes(const char* flag, const std::vector<std::string>& texts);
/// ADDR:PORT, without repetitions. A wildcard stands for each address of its family, so that
/// answers leave from the address that was asked.
std::vector<TransportAddress> listeners(const char* flag, const std::vector<std::string>& texts);

}  // namespace stile::server
