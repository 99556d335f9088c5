#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "server/core/config.hpp"
#include "server/core/counters.hpp"
#include "server/core/ip_fields.hpp"
#include "server/core/permission.hpp"
#include "stile/base/bytes.hpp"
#include "stile/base/random.hpp"
#include "stile/base/slot_map.hpp"
#include "stile/stun/attributes/relay.hpp"
#include "stile/stun/channel_data.hpp"

namespace stile::relay {

class Resources;
struct RelaySocket;
/// A socket that the relay has asked for. The index is small and reused, the generation tells
/// users apart.
using RelaySocketId = SlotId<RelaySocket>;
struct PeerConnection;
/// A TCP connection with a peer (RFC 6062).
using PeerConnectionId = SlotId<PeerConnection>;

/// What a relayed transport address speaks (REQUESTED-TRANSPORT).
enum class RelayProtocol : std::uint8_t { udp, tcp };

// What the shell has to do.

/// Bind a UDP socket to exactly `local`, or listen there for TCP connections; then call
/// handle_relay_socket_opened(now, id, opened) before any other input.
struct OpenRelaySocket {
  RelaySocketId id;
  TransportAddress local;
  RelayProtocol protocol;
};
struct CloseRelaySocket {
  RelaySocketId id;
};
/// From five_tuple.server to five_tuple.client.
struct SendToClient {
  FiveTuple five_tuple;
  ByteVector bytes;
};
/// From now on ChannelData of `channel` and datagrams of `peer` at `relay_socket` are exchanged for
/// one another. For a fast path in the kernel, which tells what it has relayed by
/// handle_flow_traffic(); a shell without one does nothing.
struct BindFlow {
  FiveTuple five_tuple;
  stun::ChannelNumber channel;
  RelaySocketId relay_socket;
  TransportAddress peer;
};
struct UnbindFlow {
  FiveTuple five_tuple;
  stun::ChannelNumber channel;
  RelaySocketId relay_socket;
  TransportAddress peer;
};
/// Connect with the peer from the address at which `from` listens; call handle_peer_connected()
/// when that has come about or failed. What the peer sends waits until the connection is joined.
struct ConnectPeer {
  PeerConnectionId id;
  RelaySocketId from;
  TransportAddress peer;
};
/// From now on this client's connection carries what the peer sends and takes what is for it, as it
/// is, from the first byte after the client's last message.
struct JoinPeer {
  PeerConnectionId id;
  FiveTuple client;
};
/// Close what there is of it: the attempt to connect, the peer's connection, the client's that is
/// joined with it.
struct ClosePeer {
  PeerConnectionId id;
};
/// Messages of this five-tuple of a mobile client need not come to this core any more (see
/// handle_client_elsewhere). A shell with one core does nothing.
struct ReleaseClient {
  FiveTuple five_tuple;
};
using Command = std::variant<OpenRelaySocket, CloseRelaySocket, SendToClient, BindFlow, UnbindFlow,
                             ConnectPeer, JoinPeer, ClosePeer, ReleaseClient>;

// What became of a datagram. The views lie in the datagram's buffer (or in its headroom) or in the
// relay; they are good until the next input. Send at once or keep the buffer.

struct Nothing {};
/// One UDP datagram; it may be empty.
struct ToPeer {
  RelaySocketId from;
  TransportAddress peer;
  Bytes datagram;
  IpFields fields;
};
/// One message, padded where the transport wants it, from to.server to to.client. With RFC 5780
/// both may differ from the five-tuple that the request came on.
struct ToClient {
  FiveTuple to;
  Bytes message;
  IpFields fields;  ///< over UDP
};
/// Another core has what the message is about. A connection (TCP, TLS) goes over to it with the
/// message; a message over UDP or DTLS alone, and the answer may come from there.
struct ToOtherCore {
  std::uint32_t index;
};
using Outcome = std::variant<Nothing, ToPeer, ToClient, ToOtherCore>;

// What happened, for logs and the API.

/// `closed`: by the operator, with handle_close() or with a configuration that denies the client.
enum class EndReason : std::uint8_t { expired, deleted, client_closed, closed };
struct AllocationCreated {
  FiveTuple five_tuple;
  std::string username;
  std::optional<TransportAddress> relayed_v4, relayed_v6;
};
struct AllocationEnded {
  FiveTuple five_tuple;
  std::string username;
  EndReason reason;
  std::optional<TransportAddress> relayed_v4, relayed_v6;  ///< what it had at its end
  Duration lasted{};
  Traffic to_peers, from_peers;
};
/// RFC 8016: from now on its client is at another five-tuple.
struct AllocationMoved {
  FiveTuple from, to;
  std::string username;
};
using Event = std::variant<AllocationCreated, AllocationEnded, AllocationMoved>;

/// One allocation as for_each_allocation() shows it; the views last as long as the visit.
struct AllocationInfo {
  FiveTuple five_tuple;
  std::string_view username;
  std::optional<TransportAddress> relayed_v4, relayed_v6;  ///< as told to the client
  Instant created, expires;
  std::span<const Permission> permissions;
  std::span<const ChannelBinding> channels;
  Traffic to_peers, from_peers;
  RelayProtocol protocol = RelayProtocol::udp;
  std::size_t peer_connections = 0;
};

/// Until when a joined connection's sides are not to be read, because there is no bandwidth for
/// what they send; a time past: they may be.
struct ReadAgain {
  Instant client{}, peer{};
};

/// Which one it is of the cores that serve one server's clients.
struct CoreNumber {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

/// A TURN server (RFC 8656) with STUN Binding (RFC 8489 §12) and behaviour discovery (RFC 5780),
/// without its sockets.
///
/// One input, drain, sleep: call one handle_... method, then take poll_command() and poll_event()
/// until empty, then sleep until poll_timeout(). Same inputs, same outputs, byte for byte.
///
/// Each datagram's buffer has `datagram_headroom` free bytes before it, which are written to.
/// Nothing is written after its end. Binding, ChannelData, Send and peer data make no heap
/// allocation.
class Relay {
 public:
  /// Relays that serve one server's clients together share their resources; one alone needs none.
  Relay(std::shared_ptr<const Config> config, Random& random,
        std::shared_ptr<Resources> resources = nullptr, CoreNumber number = {});
  ~Relay();
  Relay(Relay&&) noexcept;

  /// A datagram of a client (UDP or DTLS), or one message of a TCP or TLS client as
  /// stun::next_frame() found it (message_size bytes). `traffic_class`: of a UDP datagram.
  Outcome handle_client_datagram(Instant now, UnixSeconds wall, const FiveTuple& five_tuple,
                                 MutableBytes datagram, std::uint8_t traffic_class = 0);
  /// A UDP datagram that came to a relay socket.
  Outcome handle_peer_datagram(Instant now, RelaySocketId socket, const TransportAddress& peer,
                               MutableBytes datagram, std::uint8_t traffic_class = 0);
  /// An ICMP error about a datagram that a relay socket sent to `peer` (RFC 8656 §11.5); its port
  /// may be 0.
  Outcome handle_peer_icmp(Instant now, RelaySocketId socket, const TransportAddress& peer,
                           const stun::Icmp& icmp);
  void handle_relay_socket_opened(Instant now, RelaySocketId socket, bool opened);

  // RFC 6062.
  void handle_peer_connected(Instant now, PeerConnectionId id, bool connected);
  /// A peer has connected to a relay socket; as ConnectPeer from here on. Nothing: close it at
  /// once.
  std::optional<PeerConnectionId> handle_peer_accepted(Instant now, RelaySocketId socket,
                                                       const TransportAddress& peer);
  /// What was joined has ended, on both sides.
  void handle_peer_closed(Instant now, PeerConnectionId id);
  /// So many bytes went each way. With none it asks only.
  ReadAgain handle_peer_data(Instant now, PeerConnectionId id, std::size_t to_peer,
                             std::size_t from_peer);

  /// The connection (TCP, TLS, DTLS) of this five-tuple has ended.
  void handle_client_closed(Instant now, const FiveTuple& five_tuple);
  /// Another core has made this five-tuple, whose messages come here, one of a client of its own
  /// (RFC 8016); nothing: it has released it.
  void handle_client_elsewhere(Instant now, const FiveTuple& five_tuple,
                               std::optional<std::uint32_t> core);
  void handle_timeout(Instant now);
  /// What a fast path has relayed of a flow since it last told (see BindFlow), so that it counts as
  /// if it had come here. When the flow has ended, before the next poll_event(): that tells the end
  /// of its allocation.
  void handle_flow_traffic(const FiveTuple& five_tuple, RelaySocketId socket,
                           const Traffic& to_peer, const Traffic& from_peer);

  // The operator.

  /// From now on this configuration counts; it comes from keeping_unchangeable(). Allocations stay,
  /// with those of their permissions, channels and peer connections whose peers are still allowed.
  void handle_config(Instant now, std::shared_ptr<const Config> config);
  /// From now on no allocation is made (508); there is no way back. Those that there are live on.
  void handle_drain(Instant now);
  /// Ends the allocation; false if there is none of this five-tuple.
  bool handle_close(Instant now, const FiveTuple& five_tuple);

  Instant poll_timeout() const;
  std::optional<Command> poll_command();
  std::optional<Event> poll_event();

  /// Whether clients at this address are served at all.
  bool serves(const IpAddress& client) const;
  /// Here or elsewhere.
  bool has_allocation(const FiveTuple& five_tuple) const;
  /// The other core that has the client.
  std::optional<std::uint32_t> core_of(const FiveTuple& five_tuple) const;
  const Counters& counters() const;
  /// In an order that depends on the inputs alone.
  void for_each_allocation(const std::function<void(const AllocationInfo&)>& visit) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stile::relay
