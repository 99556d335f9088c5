#pragma once

#include <string_view>

#include "nat/sim/behavior_name.hpp"

namespace stile::sim {

enum class Path { direct, relay, none };
std::string_view to_string(Path path);

/// What RFC 4787 alone says of two peers behind these NATs: whether ICE (RFC 8445) must find a
/// direct path, or needs the relay. It looks at the definitions of the behaviours only and shares
/// no code with the NAT, the agent or the relay.
///
/// The definitions that it goes by:
///  - Mapping (§4.1) is a function of what is sent out: the inside endpoint and, as far as the
///  mapping depends on it, the
///    destination. What has come in does not change it.
///  - Filtering (§5) is asked at the external endpoint that a packet comes to: whether something
///  was sent to the
///    packet's source, or to its address, from there.
///  - A new mapping's port is nobody's to guess (§4.2.1: it may not overload the old one's).
///  - ICE tells each peer what external endpoint the server saw of the other; further ones it
///  learns from checks that
///    arrive; a pair is valid when the answer comes back from where the check was sent to (RFC 8445
///    §7.2.5.2.1).
Path expected_path(const NatBehavior& a, const NatBehavior& b, bool relay);

/// The same of peers that guess ports where ordinary checks do not help: they must meet directly
/// where one NAT maps independently of the endpoint, whatever the other does, and how ever it picks
/// ports. One peer's ports are hit among 256 opened ones; between two NATs that map dependently
/// both ends of a pair would have to be guessed at once.
Path expected_path_by_guessing(const NatBehavior& a, const NatBehavior& b, bool relay);
/// Of so many in a hundred; the others are left with the relay.
inline constexpr int guesses_that_hit = 98;

}  // namespace stile::sim
