#pragma once

#include <compare>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/random.hpp"
#include "stile/ice/candidate.hpp"
#include "stile/ice/config.hpp"
#include "stile/portmap/upnp.hpp"

namespace stile::ice {

struct Credentials {
  std::string ufrag;  ///< 4-256 ice-chars, RFC 8839 §5.4
  std::string pwd;    ///< 22-256 ice-chars
};

/// What the description that one agent gives to the other says of it, candidates apart.
struct Parameters {
  Credentials credentials;
  bool lite = false;                 ///< a=ice-lite
  std::vector<std::string> options;  ///< a=ice-options: "ice2", "trickle", "renomination"
  std::optional<Duration> pacing;    ///< a=ice-pacing

  bool has_option(std::string_view option) const;
};

enum class State : std::uint8_t {
  idle,       ///< nothing asked yet
  gathering,  ///< candidates are looked for; the remote is not known
  checking,   ///< the remote is known
  connected,  ///< data may flow on a valid pair
  completed,  ///< each component has its selected pair
  failed,     ///< no pair works, or consent is gone
  closed,
};
std::string_view to_string(State state);

/// Names a UDP socket or a connection that the agent asked for.
struct SocketId {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(SocketId, SocketId) = default;
};

// Commands: what the driver is to do.
struct OpenSocket {
  SocketId id;
  TransportAddress local;  ///< port 0: any of `ports`. To be answered by handle_socket_opened()
  PortRange ports;
};
/// A connection to a TURN server over TCP, TLS or DTLS, or to a STUN server over TCP from a
/// listener's port (RFC 6544 §5.2), likewise to be answered by handle_socket_opened(); its end is
/// told by handle_disconnected(). It carries whole messages:
/// SendDatagram's are padded to a multiple of four on a stream, and what comes is cut by
/// stun::next_frame() and given to handle_datagram(), one by one.
struct OpenConnection {
  SocketId id;
  TransportAddress server;
  Transport transport;
  std::string host;  ///< the name that the server's certificate must have; empty: its address
  TransportAddress local = {};  ///< port 0: any, at any address; else that of a listener, which
                                ///< goes on, and no proxy
};
/// A connection to a TURN server carries a peer's from now on, behind the message that has come
/// last (RFC 6062): what is sent over it, and what comes, are frames of RFC 4571, as with
/// ConnectToPeer.
struct CarryFrames {
  SocketId id;
};
/// A socket that takes TCP connections from peers (RFC 6544), to be answered by
/// handle_socket_opened(); what comes is told by handle_accepted().
struct OpenListener {
  SocketId id;
  TransportAddress local;  ///< port 0: any of `ports`
  PortRange ports;
};
/// A TCP connection to a peer, to be answered by handle_socket_opened(); its end is told by
/// handle_disconnected(). It carries frames of RFC 4571 (peer_framing.hpp), whose content
/// SendDatagram and handle_datagram() have; so do connections that were accepted.
struct ConnectToPeer {
  SocketId id;
  TransportAddress local;  ///< port 0: any; else that of a listener, which goes on
  TransportAddress remote;
};
/// Of a connection: when what was sent before has left.
struct CloseSocket {
  SocketId id;
};
struct SendDatagram {
  SocketId from;
  TransportAddress to;
  ByteVector bytes;
  std::optional<std::uint8_t> ttl = {};  ///< of this one; none: as the socket's others
};
struct RequestId {
  std::uint32_t value = 0;
  friend constexpr auto operator<=>(RequestId, RequestId) = default;
};
/// A question to a router over HTTP, which maps ports by UPnP, to be answered by
/// handle_router_answer(): of one id there is one at a time. Nobody waits for the answer to one
/// that is asked while the agent closes.
struct AskRouter {
  RequestId id;
  IpAddress local;  ///< where to ask from
  portmap::HttpRequest request;
};
using Command = std::variant<OpenSocket, OpenConnection, CarryFrames, OpenListener, ConnectToPeer,
                             CloseSocket, SendDatagram, AskRouter>;

// Events: what the application may want to know.
struct LocalCandidateFound {
  Candidate candidate;
};
struct GatheringDone {};
struct StateChanged {
  State state;
  std::string reason;  ///< one line, when it failed
};
struct PairSelected {
  ComponentId component;
  Candidate local;  ///< our end as the peer sees it
  Candidate remote;
  Duration elapsed;  ///< since the remote candidates began to be known
  Duration round_trip_time;
};
struct ServerFailed {
  TransportAddress server;
  std::string reason;    ///< one line
  std::string uri = {};  ///< in place of an address, if none was found
  std::string name() const { return uri.empty() ? server.to_string() : uri; }
};
/// How the selected pair does what is asked about consent, whether or not the session lives.
enum class PathHealth : std::uint8_t {
  good,
  degraded,  ///< silent for Config::path_patience, or too much is lost, or it is much slower than
             ///< usual
};
std::string_view to_string(PathHealth health);
struct PathHealthChanged {
  ComponentId component;
  PathHealth health;
  Duration round_trip_time;  ///< of late; zero: not known
  unsigned lost;             ///< of the last eight questions, those not answered in time
};
/// No pair works: see Config::restart_after. restart() may help; the peer is to be told as of any
/// other.
struct RestartNeeded {
  std::string reason;  ///< one line
};
using Event = std::variant<LocalCandidateFound, GatheringDone, StateChanged, PairSelected,
                           ServerFailed, PathHealthChanged, RestartNeeded>;

/// Application data that came in; a view into the datagram.
struct Received {
  ComponentId component;
  Bytes data;
};
/// A datagram ready to be sent; a view into what was given to send().
struct Transmit {
  SocketId from;
  TransportAddress to;
  Bytes datagram;
};
enum class SendError : std::uint8_t { no_path, no_consent, closed };

enum class PairState : std::uint8_t { frozen, waiting, in_progress, succeeded, failed };
std::string_view to_string(PairState state);

/// Why a pair failed, or is not checked.
enum class PairProblem : std::uint8_t {
  none,
  no_answer,      ///< to any check
  error_answer,   ///< a check was refused
  asymmetric,     ///< the answer came from another address than was asked (RFC 8445 §7.2.5.2.1)
  not_needed,     ///< a pair was selected before it was its turn
  not_connected,  ///< there is no TCP connection
  relay_refuses,  ///< the TURN server lets nothing through to the peer's address
  base_lost,      ///< the socket, the connection or the allocation that it left by is gone
};

/// One pair of the checklist, for explanations and statistics (the counts are those of the W3C's
/// RTCIceCandidatePairStats).
struct PairReport {
  Candidate local;
  Candidate remote;
  PairState state;
  PairProblem problem;
  std::uint16_t error;  ///< the STUN error number, with error_answer
  bool valid;
  bool nominated;
  bool selected;
  unsigned checks_sent;  ///< requestsSent, with retransmissions and those for consent
  unsigned responses_received;
  unsigned unsigned_answers;  ///< not signed with the password that is said to be the peer's; they
                              ///< count for nothing
  unsigned checks_received;   ///< requestsReceived; each was answered
  Duration round_trip_time;   ///< currentRoundTripTime
  Duration total_round_trip_time;  ///< of all responses whose request was sent once
  std::uint64_t packets_sent;      ///< application data only
  std::uint64_t bytes_sent;
  std::uint64_t packets_received;
  std::uint64_t bytes_received;
};
/// In words what became of the pair, without its addresses: `no answer to 7 checks`.
std::string explain(const PairReport& pair);

/// What was dropped or refused, and why.
struct Counters {
  std::uint64_t malformed = 0;            ///< began like STUN and was not
  std::uint64_t unauthenticated = 0;      ///< checks without or with wrong integrity or user name
  std::uint64_t unmatched_responses = 0;  ///< no transaction of ours, or wrong integrity
  std::uint64_t data_from_strangers = 0;  ///< application data from an address that no pair has
  std::uint64_t candidates_over_limit = 0;
  std::uint64_t pairs_over_limit = 0;
  std::uint64_t role_conflicts = 0;
};

/// An ICE agent (RFC 8445), full or lite, over UDP: gathering, checks, nomination, consent, and the
/// data path.
///
/// One input, drain, sleep: call one method that takes `now`, then take poll_command() and
/// poll_event() until empty, then sleep until poll_timeout(). Same inputs, same outputs, byte for
/// byte.
class Agent {
 public:
  /// `random` outlives the agent. Throws std::invalid_argument if Config::ports is no range.
  Agent(Config config, Random& random);
  ~Agent();
  Agent(Agent&&) noexcept;
  Agent& operator=(Agent&&) noexcept;

  const Credentials& local_credentials() const;
  /// What the peer is to be told of this agent.
  Parameters local_parameters() const;

  /// Starts to gather from these addresses of the host (RFC 8445 §5.1.1). Once.
  void gather(Instant now, std::span<const IpAddress> local_addresses);
  /// Servers whose names are still being asked for: gathering goes on until end_of_servers().
  void expect_servers();
  /// More than the configuration has; also while candidates are gathered.
  void add_servers(Instant now, std::vector<TransportAddress> stun, std::vector<TurnServer> turn);
  void end_of_servers(Instant now);
  /// Answers OpenSocket and OpenConnection: the address that it is bound to, or why not.
  void handle_socket_opened(Instant now, SocketId id,
                            std::expected<TransportAddress, std::string> local);

  /// Answers AskRouter.
  void handle_router_answer(Instant now, RequestId id, const portmap::HttpOutcome& outcome);

  /// A peer has connected to a listener: the connection's id from now on, or nothing if it is to be
  /// closed.
  std::optional<SocketId> handle_accepted(Instant now, SocketId listener,
                                          const TransportAddress& remote);
  /// The connection has ended, by its other end or by an error; not after CloseSocket.
  void handle_disconnected(Instant now, SocketId id, const std::string& reason);

  void set_remote_parameters(Instant now, Parameters parameters);
  void add_remote_candidate(Instant now, Candidate candidate);
  /// RFC 8838 §14: no further ones will come.
  void end_of_remote_candidates(Instant now);

  /// The addresses that the host has now, whenever they, its links or its routes may have changed.
  /// What left by an address that is gone goes on by another pair, if one works; a new one is
  /// gathered from and tried as a backup. If nothing works the state is `checking` again, until
  /// something does or the patience of RFC 8863 ends; a restart, of which the peer is told, may
  /// find more. Candidates that come after GatheringDone are told only with
  /// Config::continual_gathering (RFC 8838 §13); the peer learns the others from the checks.
  void handle_local_addresses(Instant now, std::span<const IpAddress> local_addresses);

  /// Starts anew (RFC 8445 §9) with these addresses of the host, also after a failure: new
  /// credentials, which the peer is to be told with the candidates that come as events, as at
  /// first; and the peer's are awaited. Until a new pair is selected data goes by the old one.
  void restart(Instant now, std::span<const IpAddress> local_addresses);
  /// Whether a peer that says these credentials wants a restart (RFC 8839 §4.4.1.1.1): then
  /// restart() comes before set_remote_parameters().
  bool is_restart(const Credentials& offered) const;

  /// `datagram` may be changed. Answers application data; all else is handled inside.
  std::optional<Received> handle_datagram(Instant now, SocketId socket,
                                          const TransportAddress& from, MutableBytes datagram);
  /// Data towards the peer on the selected pair, or before there is one on the best valid pair.
  /// `data` has datagram_headroom free bytes in front, which may be written; the view is good until
  /// the next call. It may bring the next timeout nearer.
  std::expected<Transmit, SendError> send(Instant now, ComponentId component, MutableBytes data);

  void handle_timeout(Instant now);
  Instant poll_timeout() const;
  std::optional<Command> poll_command();
  std::optional<Event> poll_event();

  /// Gives relayed addresses back and closes the sockets. Nothing happens after it.
  void close(Instant now);

  State state() const;
  Role role() const;
  const Counters& counters() const;
  void for_each_pair(const std::function<void(const PairReport&)>& visit) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stile::ice
