#pragma once

#include <optional>
#include <string_view>

#include "nat/core/balancer.hpp"
#include "nat/core/forward.hpp"

namespace stile::nat::shell {

/// `tcp:80=10.0.0.2:8080`, `udp:203.0.113.1:5000-5009=10.0.0.2:6000`: the first inside port is
/// enough, a range there must be as long as the external one.
std::optional<Forward> parse_forward(std::string_view text);

/// `10.0.0.2=203.0.113.7`, inside first.
std::optional<StaticAddress> parse_static_address(std::string_view text);

/// `tcp:80=10.0.0.2:8080,10.0.0.3:8080*2`: servers with their weights.
std::optional<Balancer> parse_balancer(std::string_view text);

}  // namespace stile::nat::shell
