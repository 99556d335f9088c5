#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "nat/core/config.hpp"
#include "nat/core/counters.hpp"
#include "nat/core/explicit_mapping.hpp"
#include "nat/core/protocol.hpp"
#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/random.hpp"

namespace stile::nat {

enum class Action : std::uint8_t {
  drop,  ///< nothing goes out for it, or a command follows in its place (an ICMP error)
  send_inside,
  send_outside,
  hold  ///< the core kept a copy: a fragment before its first, an unsolicited SYN
};

struct Verdict {
  Action action = Action::drop;
  /// For the send actions: a view into the buffer that was given, translated in place.
  MutableBytes packet;
};

/// Something the NAT itself makes: ICMP errors, echo replies, released and made fragments. To be
/// sent after the packet of the verdict.
struct SendPacket {
  Side side = Side::inside;
  ByteVector packet;
};
using Command = SendPacket;

enum class EndReason : std::uint8_t {
  expired,
  flushed,
  evicted,       ///< by Config::evict_oldest
  address_gone,  ///< its external address is no longer the NAT's
  deleted        ///< at its host's request
};
std::string_view name_of(EndReason reason);

/// A port is an identifier for ICMP. `remote` is the part of the remote endpoint that the mapping
/// depends on: nothing, an address with port 0, or both.
struct MappingInfo {
  Protocol protocol = Protocol::udp;
  TransportAddress inside;
  TransportAddress external;
  std::optional<TransportAddress> remote;
  bool is_forward = false;   ///< Config::forwards: created when the Nat is, and never ended
  bool is_explicit = false;  ///< its host asks, or asked, for it
};
struct MappingCreated : MappingInfo {};
struct MappingEnded : MappingInfo {
  EndReason reason = EndReason::expired;
};

/// Why a new flow gets no session. Old flows are never ended to make room (RFC 6888 REQ-11).
enum class Refusal : std::uint8_t {
  mapping_limit,
  session_limit,
  host_limit,
  host_rate,
  host_sessions,
  mapping_sessions,
  no_port,
  no_address
};
inline constexpr std::size_t refusal_count = 8;
std::string_view name_of(Refusal refusal);

/// RFC 6888 REQ-11c. One a second at most for each reason; the counters have them all. Without the
/// destination, as REQ-12 wants it.
struct FlowRefused {
  Refusal reason = Refusal::no_port;
  Protocol protocol = Protocol::udp;
  TransportAddress inside;
};

/// The addresses that inside hosts appear as are others now.
struct ExternalChanged {
  std::vector<IpAddress> external;
};
/// RFC 6888 §4: a block of ports, of all protocols, is one inside host's until it is released.
/// Shares of RFC 7422 are not told of.
struct PortBlock {
  IpAddress inside;
  IpAddress external;
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};
struct PortBlockAssigned : PortBlock {};
struct PortBlockReleased : PortBlock {};

/// If Config::session_events.
struct SessionCreated {
  Protocol protocol = Protocol::udp;
  TransportAddress inside;
  TransportAddress external;
  TransportAddress remote;
};
struct SessionEnded : SessionCreated {};

/// A server behind a balancer takes new flows from now on, or does not.
struct ServerChanged {
  TransportAddress server;
  bool is_well = true;
};

using Event =
    std::variant<MappingCreated, MappingEnded, FlowRefused, ExternalChanged, PortBlockAssigned,
                 PortBlockReleased, SessionCreated, SessionEnded, ServerChanged>;

/// RFC 5382 §5 and RFC 7857 §2, seen from the middle.
enum class TcpState : std::uint8_t {
  opening,  ///< not both sides have sent an ACK yet (transitory)
  established,
  inside_fin,  ///< half closed counts as established
  outside_fin,
  closing,  ///< a FIN from both sides (transitory)
  reset     ///< RST seen, or doubted: TRANS of RFC 7857 §2.2 and RFC 6146 §3.5.2.2 (transitory)
};
std::string_view name_of(TcpState state);

struct Traffic {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

/// One flow as `stile-nat ctl list` shows it. Where UDP has no sessions it is a mapping, its remote
/// endpoint is unspecified, and its traffic has not been counted.
struct SessionInfo {
  Protocol protocol = Protocol::udp;
  TransportAddress inside;
  TransportAddress external;
  TransportAddress remote;
  std::optional<TcpState> tcp_state;
  Duration time_left{};
  Traffic outbound;
  Traffic inbound;
};

/// A mapping as its host asked for it, or as it is found when its host asks.
struct RequestedMapping {
  MappingInfo info;
  ExplicitTerms terms;  ///< of an explicit mapping only
};
/// A session as a PEER request left it.
struct RequestedPeer {
  TransportAddress external;
  Instant until{};
};

/// The NAT as a pure state machine over IPv4 packets.
///
/// One input, drain, sleep: call one handle_... method, then take poll_command() and poll_event()
/// until empty, then sleep until poll_timeout(). Same inputs, same outputs, byte for byte.
class Nat {
 public:
  /// Throws std::invalid_argument with the line of problem_with() if there is one. `random`
  /// outlives the Nat.
  Nat(Config config, Random& random);
  ~Nat();
  Nat(Nat&&) noexcept;
  Nat& operator=(Nat&&) noexcept;

  /// `packet` begins with the IPv4 header, its checksums are complete. A packet of a known flow is
  /// translated where it lies, and nothing is allocated.
  Verdict handle_packet(Instant now, Side from, MutableBytes packet);
  /// Packets that will be handed to handle_packet() next, up to 64: what they will be looked up in
  /// is fetched from memory for all at once. Nothing but the time that they take depends on it.
  void prefetch(Side from, std::span<const Bytes> packets);
  void handle_timeout(Instant now);
  Instant poll_timeout() const;
  std::optional<Command> poll_command();
  std::optional<Event> poll_event();

  /// What was mapped to an address that is no longer there ends, with EndReason::address_gone;
  /// forwards without an address of their own go to the new first one. There may be none for a
  /// while: new flows are refused then. `external` is otherwise as in problem_with().
  void set_external(Instant now, std::vector<IpAddress> external);

  /// What the links take; less than smallest_mtu counts as so much.
  void set_mtus(std::uint16_t inside, std::uint16_t outside);

  /// Timers, limits of one host or one mapping, forwards, and what is said of sessions are those of
  /// `wanted` from now on; the rest of it does not count. problem_with() has nothing against it.
  void reconfigure(Instant now, const Config& wanted);

  /// What an inside address appears as, or would: nothing while there is no external address.
  std::optional<IpAddress> external_of(IpAddress inside) const;

  // Explicit mappings (RFC 6887 §2.2); they count among the others and against their limits.

  /// Makes one, or changes the terms of the one there is. A forward is answered as it is. Addresses
  /// are IPv4, inside ports are not 0.
  std::expected<RequestedMapping, ExplicitRefusal> map(Instant now, const MapRequest& request);
  /// Ends one; what sessions use stays as if traffic had made it. False if there is none.
  bool unmap(Instant now, Protocol protocol, TransportAddress inside);
  std::expected<RequestedPeer, ExplicitRefusal> peer(Instant now, const PeerRequest& request);
  /// The mapping that an inside endpoint has towards everybody, of whatever kind.
  std::optional<RequestedMapping> mapping_of_inside(Protocol protocol,
                                                    TransportAddress inside) const;
  std::optional<RequestedMapping> mapping_of_external(Protocol protocol,
                                                      TransportAddress external) const;
  /// Who asked for a session, and how long it has if nothing more is sent.
  struct PeerState {
    std::optional<MappingNonce> nonce;
    Instant until{};
  };
  std::optional<PeerState> peer_of(Protocol protocol, TransportAddress inside,
                                   TransportAddress remote) const;
  /// When the last session of an inside endpoint's mapping ends if nothing more is sent.
  Instant idle_until(Protocol protocol, TransportAddress inside) const;
  std::size_t explicit_count() const;
  /// In an order that does not depend on addresses; `visit` does not call the Nat.
  void for_each_explicit(const std::function<void(const RequestedMapping&)>& visit) const;

  /// Whether a server behind a balancer (Config::balancers) takes new flows. All do at first; the
  /// sessions of one that does not any more end.
  void set_server_well(Instant now, const TransportAddress& server, bool is_well);

  /// Takes up a session of a NAT before this one, as for_each_session() has shown it, with the time
  /// that it has left. False if it cannot have the same external endpoint.
  /// Limit: not where ports come in blocks.
  bool restore(Instant now, const SessionInfo& session);

  /// Ends all mappings at once, with EndReason::flushed.
  void flush(Instant now);

  const Config& config() const;
  const Counters& counters() const;
  std::size_t mapping_count() const;
  std::size_t session_count() const;
  /// And mappings that have no sessions (Config::udp_sessions). In an order that does not depend on
  /// addresses; `visit` does not call the Nat.
  void for_each_session(Instant now, const std::function<void(const SessionInfo&)>& visit) const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace stile::nat
