#pragma once

#include <compare>
#include <memory>
#include <string>
#include <vector>

#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/port_range.hpp"
#include "stile/ice/shared_pacing.hpp"
#include "stile/turn/authentication.hpp"

namespace stile::ice {

enum class Role : std::uint8_t { controlling, controlled };
/// `controlling`, `controlled`.
std::string_view to_string(Role role);

/// A component of a data stream (RFC 8445 §4). Both count from 1; most sessions have one stream of
/// one component.
struct ComponentId {
  std::uint16_t stream = 1;
  std::uint16_t component = 1;
  constexpr ComponentId() = default;
  constexpr ComponentId(std::uint16_t of_first_stream) : component(of_first_stream) {}
  constexpr ComponentId(std::uint16_t stream_number, std::uint16_t number)
      : stream(stream_number), component(number) {}
  friend constexpr auto operator<=>(ComponentId, ComponentId) = default;
};

/// What the peer is told: all candidates; none of the host's own, as behind a NAT nobody need know
/// of them (RFC 8828 §5.2, mode 3; checks leave from them all the same); or relayed ones only,
/// which are then the only ones that are used, so that the peer learns no address of ours.
enum class Policy : std::uint8_t { all, no_host, relay };

struct TurnServer {
  TransportAddress address;
  turn::Credentials credentials;
  Transport transport =
      Transport::udp;  ///< between us and the server; the relayed address is a UDP one
  std::string host;    ///< TLS, DTLS: the name that its certificate must have; empty: its address
};

/// Caps on what a session does where only guessing helps (Config::hard_nats).
struct Spraying {
  unsigned sockets = 256;  ///< that are opened for the peer to find
  unsigned probes = 1024;  ///< ports of the peer that are tried
  unsigned per_second = 200;
  Duration grace = std::chrono::seconds(1);  ///< for ordinary checks, first
  std::uint8_t opener_ttl = 5;               ///< hops that reach our own NATs and not the peer's
};

struct Config {
  Role role = Role::controlling;
  /// An ICE lite agent (RFC 8445 §2.5) of a host with a public address: it has host candidates
  /// only, answers checks, and sends none. Servers and policy are not asked for.
  bool lite = false;
  std::uint16_t streams = 1;     ///< data streams (RFC 8445 §4), a checklist for each
  std::uint16_t components = 1;  ///< of each stream
  std::vector<TransportAddress> stun_servers;
  std::vector<TurnServer> turn_servers;
  /// Routers that are asked to map each UDP socket, by PCP (RFC 6887), NAT-PMP (RFC 6886) or UPnP:
  /// mostly the default router, at port 5351. None unless given: a mapping opens the way to the
  /// socket for everybody while the session lasts, which is the user's to decide.
  std::vector<TransportAddress> port_mapping_routers;
  /// TCP candidates, too (RFC 6544): active, passive, and for simultaneous opens. How a NAT maps
  /// them the STUN servers, and the TURN servers over TCP, are asked by connections that go past
  /// any proxy; nobody is told of one that does not answer there. Off unless asked for, since what
  /// is sent over them waits for what was lost.
  bool tcp = false;
  Policy policy = Policy::all;
  /// Off: no socket for UDP is opened, and servers over it are not asked. With TURN servers over
  /// TCP or TLS, Policy::relay and a proxy that is RFC 8828 §5.2's mode 4. Names are the driver's
  /// business: the system looks them up as it does for others.
  bool udp = true;
  /// Host candidates tell a random name under .local in place of the address
  /// (draft-ietf-mmusic-mdns-ice-candidates): the peer finds it on the same link, and nobody else
  /// learns it. The driver answers for the names that LocalCandidateFound has.
  bool mdns_names = false;
  bool ipv4 = true;
  bool ipv6 = true;
  /// Where the UDP sockets are bound, and those that take TCP connections; any port unless given.
  /// Connections that leave, to peers and to TURN servers, have any port. A range smaller than
  /// Spraying::sockets leaves hard_nats so many fewer.
  PortRange ports;

  /// RFC 8838: the peer is told each candidate as it comes, so nothing waits for a slow server.
  /// Without, everything does, and a server that has not answered after one of these times is done
  /// without.
  bool trickle = false;
  /// With trickle: gathering does not end, so the peer is told of addresses that come later, too
  /// (RFC 8838 §13: there is no end of candidates then).
  bool continual_gathering = false;
  Duration gathering_patience = std::chrono::seconds(5);  ///< since gathering began
  Duration straggler_patience =
      std::chrono::milliseconds(500);  ///< since a server of each kind has answered

  /// What is proposed to the peer (RFC 8445 §14.2, a=ice-pacing of RFC 8839 §5.5); the larger of
  /// both proposals counts.
  Duration ta = std::chrono::milliseconds(5);
  // Deviation: RFC 8445 §14.2: a peer that proposes nothing means 50 ms; 20 ms is what agents in
  // use have (libnice, aioice).
  Duration ta_without_proposal = std::chrono::milliseconds(20);
  std::shared_ptr<SharedPacing> shared_pacing;  ///< with the other agents of the process, or none.
                                                ///< A Session has one unless given
  Duration rto = std::chrono::milliseconds(500);        ///< least RTO of a check, RFC 8445 §14.3
  Duration consent_interval = std::chrono::seconds(5);  ///< RFC 7675 §5.1, randomised by +-20 %
  Duration consent_expiry = std::chrono::seconds(30);   ///< RFC 7675 §5.1
  Duration keepalive = std::chrono::seconds(15);        ///< Tr, RFC 8445 §11
  Duration patience_with_no_path = std::chrono::milliseconds(39'500);  ///< PAC timer, RFC 8863 §4
  /// A pair through a relay carries data from its first moment. Towards a peer that does not say
  /// that it goes on checking after a nomination ("renomination"), it is nominated only when the
  /// direct pairs have been tried: each this often without an answer, or this long in all.
  unsigned direct_attempts = 3;
  Duration direct_patience = std::chrono::seconds(5);
  /// Towards a peer that does say it, direct pairs get this long and one more round trip after each
  /// could be sent once, so that the relay is not left again at once; where packets are lost, one
  /// RTO more. Data goes by the relay meanwhile.
  Duration direct_grace = std::chrono::milliseconds(50);

  /// A selected path that does not answer for so long gives way to another one that does. It is
  /// asked when consent is due, and when data is sent on it and nothing has come for half of this
  /// time. Towards peers that know numbered nominations.
  Duration path_patience = std::chrono::milliseconds(800);
  /// When no pair has worked for so long, the application is asked to restart (RestartNeeded); the
  /// controlled side waits twice as long. Anew when the host gets another address. Zero: never.
  Duration restart_after{};
  /// Other pairs are checked, and kept alive, for that: direct ones by another way, and one through
  /// the relay.
  bool keep_backups = true;

  /// Where one peer's NAT takes another port for each destination, and the other's lets in only
  /// whom it was written to, both guess: see Spraying. Only with a peer that has it on, too, and
  /// while a relay carries the data; each must see two STUN servers (or one of RFC 5780, or a TURN
  /// server beside it) to know its NAT. Off unless asked for: to a firewall it looks like a port
  /// scan.
  bool hard_nats = false;
  Spraying spraying;

  std::size_t max_remote_candidates = 64;  ///< Limit: further ones are ignored and counted
  /// Limit: remote candidates that checks have shown, for each local one. Where both NATs take a
  /// new port for each destination, every check shows one more, without end.
  std::size_t max_peer_reflexive = 16;
  std::size_t max_pairs = 100;        ///< Limit: RFC 8445 §6.1.2.5, those of lowest priority go
  std::size_t max_early_checks = 16;  ///< Limit: checks kept until the remote credentials are known
};

}  // namespace stile::ice
