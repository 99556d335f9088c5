#pragma once

#include <string_view>
#include <vector>

#include "server/core/config.hpp"

namespace stile::relay {

/// Where `fresh` differs from the configuration of a running server in what lasts as long as the
/// server does, by the names of the flags: sockets, and what the keys of its clients are made of.
std::vector<std::string_view> unchangeable(const Config& current, const Config& fresh);

/// `fresh`, with what cannot change as it is now.
Config keeping_unchangeable(const Config& current, Config fresh);

}  // namespace stile::relay
