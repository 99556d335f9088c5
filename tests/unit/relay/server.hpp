#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include "server/core/relay.hpp"
#include "server/core/resources.hpp"

namespace stile::relay::test {

using namespace std::chrono_literals;

inline const TransportAddress listener = *TransportAddress::parse("198.51.100.1:3478");
inline const IpAddress relay_v4 = *IpAddress::parse("198.51.100.1");
inline const IpAddress relay_v6 = *IpAddress::parse("2001:db8::1");
inline const TransportAddress peer_a = *TransportAddress::parse("203.0.113.10:7000");
inline const TransportAddress peer_b = *TransportAddress::parse("203.0.113.20:7000");

inline const TransportAddress peer_v6{*IpAddress::parse("2001:db8:9::10"), 7000};

/// Users alice (secret) and bob (hunter2), both families, and the documentation networks opened as
/// peers.
Config usual_config();

/// What one input brought about.
struct Reaction {
  std::optional<FiveTuple> to_client;
  ByteVector message;  ///< if to_client
  std::optional<TransportAddress> to_peer;
  RelaySocketId from;
  ByteVector data;  ///< if to_peer
  IpFields fields;
  std::optional<std::uint32_t> other_core;
  bool nothing() const { return !to_client && !to_peer && !other_core; }
};

/// The relay with a shell that binds what it is asked to, on a clock that the test moves.
class Server {
 public:
  explicit Server(Config config = usual_config(), std::shared_ptr<Resources> resources = nullptr,
                  CoreNumber number = {}, std::uint64_t seed = 1);

  Reaction client_sends(const FiveTuple& five_tuple, Bytes datagram,
                        std::uint8_t traffic_class = 0);
  /// To the socket bound to `relayed`; nothing if there is none.
  Reaction peer_sends(const TransportAddress& relayed, const TransportAddress& peer, Bytes datagram,
                      std::uint8_t traffic_class = 0);
  Reaction peer_unreachable(const TransportAddress& relayed, const TransportAddress& peer,
                            const stun::Icmp& icmp);
  void client_closes(const FiveTuple& five_tuple);
  /// RFC 6062: the answer to ConnectPeer.
  Reaction connected(PeerConnectionId id, bool success = true);
  /// A peer connects to the listener at `relayed`; the connection's id is in `accepted`.
  Reaction peer_connects(const TransportAddress& relayed, const TransportAddress& peer);
  /// The same configuration, changed.
  Reaction reconfigure(const std::function<void(Config&)>& change);
  bool close(const FiveTuple& five_tuple);
  /// Wakes the relay whenever it wants to be woken on the way.
  void forward(Duration time);

  const Counters& counters() const { return relay_.counters(); }
  /// The protocol of the socket bound to `local`, which is there.
  RelayProtocol protocol_at(const TransportAddress& local) const;
  std::vector<TransportAddress> open_sockets() const;
  bool is_open(const TransportAddress& local) const { return socket_at(local).has_value(); }

  std::set<std::uint16_t> busy_ports;  ///< others have them: binding fails
  bool can_bind = true;
  std::vector<TransportAddress> asked_for;  ///< every socket that was asked for
  std::vector<Event> events;
  int flows = 0;                               ///< BindFlow less UnbindFlow
  std::vector<BindFlow> bound_flows;           ///< every one
  std::pair<Traffic, Traffic> told_at_unbind;  ///< to and from the peer, by a fast path
  std::vector<ConnectPeer> connects;           ///< every one that was asked for
  std::vector<JoinPeer> joined;
  std::vector<PeerConnectionId> closed;
  std::vector<FiveTuple> released;
  std::optional<PeerConnectionId> accepted;  ///< the last peer that connected
  Instant now{};
  UnixSeconds wall{1'800'000'000};
  Relay& relay() { return relay_; }

 private:
  std::optional<RelaySocketId> socket_at(const TransportAddress& local) const;
  Reaction take(const Outcome& outcome);
  void drain(Reaction& reaction);

  SeededRandom random_;
  Config config_;
  Relay relay_;
  struct Socket {
    RelaySocketId id;
    TransportAddress local;
    RelayProtocol protocol;
  };
  std::vector<Socket> sockets_;
};

}  // namespace stile::relay::test
