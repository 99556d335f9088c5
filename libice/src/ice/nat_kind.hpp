#pragma once

#include <optional>
#include <string_view>

#include "stile/ice/candidate.hpp"

namespace stile::ice {

/// What peers that both say this option (a=ice-options) do where no ordinary check gets through:
/// one opens many ports, the other tries many.
inline constexpr std::string_view hard_nats_option = "hard-nats";

/// How the NAT in front of a server-reflexive candidate maps (RFC 4787 §4.1), as its line tells the
/// peer by the extension `nat`: to all destinations from one port, or to each from another, which
/// may follow the one before.
enum class NatKind : std::uint8_t { independent, dependent, sequential };

constexpr std::string_view nat_extension = "nat";
std::string_view to_string(NatKind kind);
/// Nothing if the candidate does not say it.
std::optional<NatKind> nat_of(const Candidate& candidate);

}  // namespace stile::ice
