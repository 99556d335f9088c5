#pragma once

#include <functional>
#include <optional>
#include <string>

#include "nat/sim/oracle.hpp"
#include "nat/sim/segment.hpp"
#include "stile/ice/candidate.hpp"

namespace stile::sim {

/// By what inside hosts may have the NAT map their ports.
enum class PortMapping : std::uint8_t { none, pcp, nat_pmp };

/// A NAT of a scenario; what is not said is as the reference NAT's defaults.
struct GatewaySpec {
  NatBehavior behavior;
  nat::PortAssignment ports = nat::PortAssignment::preserve;
  nat::Hairpin hairpin = nat::Hairpin::external;
  PortMapping port_mapping = PortMapping::none;  ///< the peer behind it makes use of it
  nat::Config rest;                              ///< all else but addresses
};
/// A NAT that behaves as `config` says, in whole.
inline GatewaySpec gateway_like(const nat::Config& config) {
  return {{config.mapping, config.filtering}, config.ports, config.hairpin, {}, config};
}

/// Two peers, each in a home, a server on the Internet, and what lies between.
struct Scenario {
  std::optional<GatewaySpec> a;  ///< none: the peer is on the Internet itself
  std::optional<GatewaySpec> b;
  std::optional<GatewaySpec> carrier;  ///< one NAT above both homes (100.64.0.0/10)
  bool relay = true;                   ///< the server relays; without, it answers STUN
  bool server = true;                  ///< there is a server at all
  Quality internet{};                  ///< each crossing of the public segment
  Duration signalling_delay = std::chrono::milliseconds(15);
  std::uint64_t seed = 1;
  Duration patience = std::chrono::seconds(45);
  bool trickle = true;       ///< else each is told all candidates of the other at once
  bool tcp = false;          ///< both have TCP candidates
  bool udp_blocked = false;  ///< by the NATs in front of the peers
  bool hard_nats = false;    ///< both guess ports where nothing else helps
  bool lite_b = false;       ///< b is an ICE lite agent
  bool restart = false;      ///< a restarts when it was settled; then they must meet again
  Duration linger{};         ///< kept going so long after it was settled; then data must still flow
  std::string capture;       ///< a pcap file to write, or empty
  std::function<void(Instant, const std::string& line)> on_line;  ///< what happens, for people
};

struct Result {
  Path path = Path::none;
  std::optional<ice::CandidateType> local_a;  ///< a's end of the selected pair
  std::optional<ice::CandidateType> local_b;
  Duration first_data{};     ///< from the start until both have heard the other
  Duration selected{};       ///< from the start until both have selected a pair
  bool relay_first = false;  ///< what was selected first goes through the relay
  Duration settled{};        ///< from the start until the pair is the one that `path` tells of
  bool still_works =
      true;  ///< data passed both ways after lingering, or during the restart and after it
  std::uint64_t trace_hash = 0;
};

/// Plays the scenario on a virtual clock. The same scenario gives the same result, to the last
/// packet.
Result play(const Scenario& scenario);

/// The command that plays it again.
std::string replay_command(const Scenario& scenario);

}  // namespace stile::sim
