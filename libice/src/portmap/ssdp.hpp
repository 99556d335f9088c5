#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stile/base/address.hpp"

namespace stile::portmap {

/// An http URI with an IPv4 address in place of a name.
struct HttpUri {
  TransportAddress server;
  std::string path;
  static std::optional<HttpUri> parse(std::string_view text);
};

/// A search for gateways (UPnP Device Architecture 1.1 §1.3.2).
std::string search_message();
/// Where the device that answers a search is described.
std::optional<HttpUri> location_in(std::string_view answer);

}  // namespace stile::portmap
