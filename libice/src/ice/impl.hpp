#pragma once

#include <cassert>
#include <list>
#include <map>
#include <set>

#include "ice/checklist.hpp"
#include "ice/nat_kind.hpp"
#include "ice/tcp_candidates.hpp"
#include "stile/ice/agent.hpp"
#include "stile/portmap/router_mapping.hpp"
#include "stile/stun/attributes.hpp"
#include "stile/turn/client.hpp"

namespace stile::ice {

inline constexpr std::string_view no_answer = "does not answer";
/// The last of the numbers by which candidates of one socket are preferred less and less: that of
/// what a router has mapped.
inline constexpr std::size_t last_server_number = 255;
inline constexpr std::size_t max_local_addresses = 32;  ///< Limit: sockets for each component
inline constexpr Duration release_delay = std::chrono::seconds(3);  // RFC 8445 §8.3.1

/// Where a datagram leaves from: a socket of the host, or through a TURN client that uses that
/// socket.
struct Base {
  std::size_t socket = 0;
  std::optional<std::size_t> relay;
  friend bool operator==(const Base&, const Base&) = default;
};

struct LocalCandidate {
  Candidate candidate;
  Base base;
  bool announced = false;
};

/// A mapped address, and the server that has told it.
struct SeenAs {
  TransportAddress by;
  TransportAddress mapped;
};

/// A socket that was asked for; one for each local address and component. Or a connection, one for
/// each server and component. With ICE-TCP (RFC 6544) also what connections with peers begin from,
/// and these.
struct Socket {
  SocketId id;
  ComponentId component;
  TransportAddress local;
  std::uint16_t preference = 0;  ///< RFC 8421: unique, families interleaved; with ICE-TCP the
                                 ///< other-pref of RFC 6544 §4.2
  enum class Status : std::uint8_t { opening, open, closed } status = Status::opening;
  Transport transport = Transport::udp;
  enum class Kind : std::uint8_t {
    udp,
    server_connection,
    tcp_active,  ///< no socket, but where connections to peers begin
    tcp_listener,
    tcp_connection,
    stun_connection  ///< to a STUN server, from a listener's port
  } kind = Kind::udp;
  std::optional<TcpType> tcp_type;  ///< of tcp_active, tcp_listener and tcp_connection
  std::size_t owner = 0;            ///< of the last two: index of what it began from
  std::size_t server = 0;           ///< of a server_connection: index of the TURN servers; of a
                                    ///< stun_connection: number of the server
  bool relays_tcp = false;          ///< of a connection: for a relay that takes TCP (RFC 6062)
  bool forsaken = false;            ///< a restart came without its address
  bool sprays = false;              ///< opened for the peer to find, and not found yet
  std::vector<SeenAs> seen_as;      ///< only if the kind of NAT matters
  std::optional<NatKind> nat;
  bool newcomer = false;  ///< its address came when gathering was over; its pairs are backups
};

/// A Binding request to a STUN server (RFC 8445 §5.1.1.2), or a keepalive of the mapping that it
/// made.
struct ServerCheck {
  std::size_t socket;
  std::size_t number;  ///< of the server, from 1 over STUN and then TURN servers
  TransportAddress server;
  stun::TransactionId id;
  ByteVector bytes;
  stun::TransactionTimer timer;
};

struct Relay {
  std::size_t socket;
  std::size_t server;  ///< index of the TURN servers
  turn::Client client;
  bool settled = false;  ///< allocated or failed
};

/// A relay of the peer's has refused a connection: perhaps it lets us in a moment later.
struct Reconnection {
  PairId pair;
  unsigned refusals;
  Instant at;  ///< when it is tried again; `never`: it is being tried
};

/// A connection of a peer's that a relay has accepted (RFC 6062), with the connection to its server
/// that carries it.
struct RelayedConnection {
  std::size_t socket;
  TransportAddress peer;
  std::optional<turn::ConnectionBinding> binding;  ///< until it is bound
};

/// What a router is asked to map for a socket.
struct PortMapping {
  std::size_t socket;
  RequestId id;
  portmap::RouterMapping mapping;
  bool settled = false;  ///< mapped or refused
};

/// A check that came before the remote's credentials (RFC 8445 §7.3).
struct EarlyCheck {
  Base base;
  TransportAddress from;
  std::uint32_t priority;
  bool use_candidate;
  std::uint32_t nomination;  ///< 0: not said
};

/// RFC 7675 §5.1: whether the peer still wants what is sent on a path.
struct Consent {
  Instant until{};
  Instant next_check{never};
  std::vector<Check> checks;
  Instant next_retry{never};  ///< while the last request has no answer
};

/// How well the selected pair answers what is asked about consent.
struct PathQuality {
  Duration usual{};            ///< the shortest round trip that was seen; zero: none yet
  Duration round_trip_time{};  ///< of late
  Instant unanswered_since{never};
  std::uint8_t lost =
      0;  ///< a bit for each of the last eight, the newest lowest: not answered in time
  bool degraded = false;
};

/// What data goes by until a restart has found another pair (RFC 8445 §12.1), with the credentials
/// of its time.
struct FormerPath {
  Base base;
  TransportAddress remote;
  std::uint32_t priority;
  Credentials ours;
  Credentials theirs;
  Consent consent;
};

/// Ports that are opened for the peer to find, or probed to find one of the peer's.
struct Spray {
  ComponentId component;
  bool opens;
  Base base;  ///< that is probed from, or beside which sockets are opened
  std::uint32_t priority;
  TransportAddress target;
  unsigned predicted;  ///< so many probes go to the ports above the target's
  std::uint32_t port;  ///< that was guessed last, from 1024
  Instant begins;
  Instant ends;
  unsigned sent = 0;
};

struct Component {
  std::optional<PairId> selected;
  std::optional<PairId> usable;  ///< the best valid pair, for data before there is a selected one
  std::optional<Instant> relay_valid_since;
  Instant nominate_at{never};  ///< when a pair through a relay may be nominated, if nothing changes
  Consent consent;
  std::optional<FormerPath> former;
  PathQuality quality;
  Instant last_heard{};                  ///< the peer, on the selected pair
  std::optional<Instant> doubted_since;  ///< when it was asked first and has not answered since
  std::optional<Instant> lost_at;  ///< when the selected pair's base went, or a nominated pair
                                   ///< was silent; none is nominated until it has answered since
  Instant next_probe{never};
  Instant next_backup_check{never};
  bool was_sprayed = false;
};

struct Agent::Impl {
  Impl(Config configuration, Random& random_source);

  // agent.cpp
  void set_state(State next, std::string reason = {});
  void send(const Base& base, const TransportAddress& to, Bytes datagram);
  void plan();  ///< computes wake_at, after each input
  void fire_transactions(Instant now);
  void close(Instant now);

  // gathering.cpp
  void gather(Instant now, std::span<const IpAddress> addresses);
  std::vector<IpAddress> usable_of(std::span<const IpAddress> addresses) const;
  void open_sockets(std::span<const IpAddress> usable);
  std::uint16_t free_preference(ComponentId component, std::size_t rank) const;
  void use_again(Instant now, std::size_t socket);
  void add_host_candidate(Instant now, std::size_t socket);
  void socket_opened(Instant now, SocketId id, std::expected<TransportAddress, std::string> local);
  /// From the servers with these indexes on.
  struct ServerCounts {
    std::size_t stun = 0;
    std::size_t turn = 0;
  };
  void ask_servers(std::size_t socket, const ServerCounts& from);
  bool start_next_server(Instant now);
  void ask_for_mapping(Instant now, std::size_t socket, std::size_t number,
                       const TransportAddress& server);

  // servers.cpp: one number for STUN and TURN servers, of which more of both may come
  static constexpr std::size_t number_of_stun(std::size_t index) { return 2 * index; }
  static constexpr std::size_t number_of_turn(std::size_t index) { return 2 * index + 1; }
  static constexpr bool is_turn_number(std::size_t number) { return number % 2 != 0; }
  static constexpr std::size_t index_of_server(std::size_t number) { return number / 2; }
  TransportAddress server_address(std::size_t number) const;
  void add_servers(Instant now, std::vector<TransportAddress> stun, std::vector<TurnServer> turn);
  void end_of_servers(Instant now);

  void ask_as_well(Instant now, std::size_t socket, std::size_t number,
                   const TransportAddress& address);
  void finish_gathering_if_done(Instant now);
  void finish_gathering(Instant now);
  void await_stragglers(Instant now);
  bool awaits_relays() const;
  void server_failed(const TransportAddress& server, std::string reason);
  void fail_server_check(const ServerCheck& check, std::string reason);
  void give_up_slow_servers(Instant now);
  void retransmit_server_checks(Instant now);
  bool take_server_response(Instant now, std::size_t socket, const TransportAddress& from,
                            const stun::MessageView& message);
  void keep_mappings_alive(Instant now);
  void send_keepalive(const Base& base, const TransportAddress& to);

  // local_addresses.cpp
  void take_local_addresses(Instant now, std::span<const IpAddress> addresses);
  void lose_socket(Instant now, std::size_t index);
  void ask_paths(Instant now);
  void ask_after_loss(Instant now);
  void revive(ComponentId component);
  bool has_answered_since_loss(const CandidatePair& pair) const;

  // sockets.cpp
  Socket& add_socket(ComponentId component, const TransportAddress& local_address,
                     std::uint16_t preference);
  bool is_free(std::size_t index) const;
  void close_socket(Socket& socket);
  void close_unused_sockets();
  void close_forsaken_sockets(Instant now);

  // relays.cpp
  void start_relay(Instant now, std::size_t socket, std::size_t server);
  void add_relayed_candidate(Instant now, std::size_t relay, const TransportAddress& relayed);
  void drain_relay(Instant now, std::size_t index);
  void handle_relay_event(Instant now, std::size_t index, const turn::Event& event);
  std::optional<std::size_t> relay_at(std::size_t socket, const TransportAddress& server) const;
  void release_unused(Instant now);
  bool is_in_use(Instant now, const Base& base) const;
  const CandidatePair* relayed_backup(ComponentId component) const;

  // port_mapping.cpp
  void map_port(Instant now, std::size_t socket);
  std::optional<std::size_t> port_mapping_at(std::size_t socket,
                                             const TransportAddress& router) const;
  void drain_port_mapping(Instant now, PortMapping& mapped);
  void ask_router(PortMapping& mapped);
  void take_router_answer(Instant now, RequestId id, const portmap::HttpOutcome& outcome);
  void add_mapped_candidate(const PortMapping& mapped, const TransportAddress& external);
  void handle_port_mapping_timeouts(Instant now);
  bool take_router_answer(Instant now, std::size_t socket, const TransportAddress& from,
                          Bytes datagram);
  void unmap_port(std::size_t socket);
  void unmap_unused_ports();

  // nat_kind.cpp
  void measure_nat(std::size_t index, const TransportAddress& server,
                   const TransportAddress& mapped);

  // spraying.cpp
  void spray(Instant now);
  void plan_spraying();
  bool has_direct_path(ComponentId number) const;
  void begin_spraying(Instant now);
  std::optional<std::size_t> spraying_target(ComponentId number, NatKind ours) const;
  void open_for_peer();
  void sprayed_socket_opened(Instant now, std::size_t index);
  void probe_port(Instant now);
  void adopt_sprayed_socket(std::size_t index);
  void end_spraying();

  // tcp_candidates.cpp
  void open_tcp_sockets(Instant now, std::span<const IpAddress> usable);
  void add_tcp_candidate(Instant now, std::size_t index);

  // stun_connections.cpp
  void ask_servers_over_tcp(std::size_t listener, const ServerCounts& from);
  void ask_over_tcp(Instant now, std::size_t listener, std::size_t number);
  void stun_connection_opened(Instant now, std::size_t index,
                              std::expected<TransportAddress, std::string> opened);
  void take_stun_answer(Instant now, std::size_t index, const TransportAddress& from,
                        Bytes datagram);
  void leave_stun_connection(std::size_t index);
  void close_stun_connections();

  // peer_connections.cpp
  Base base_of(const CandidatePair& pair) const;
  Transport transport_of(const Base& base) const;
  bool is_connecting(const CandidatePair& pair) const;
  CandidatePair* pair_on(std::size_t connection);
  void connect(CandidatePair& pair);
  Socket& add_peer_connection(std::size_t owner, TransportAddress local_end);
  void peer_connection_opened(Instant now, std::size_t index,
                              std::expected<TransportAddress, std::string> opened);
  std::optional<SocketId> accept(SocketId listener, const TransportAddress& from);
  bool connect_later(Instant now, CandidatePair& pair);
  void connect_again(Instant now);
  bool waits_to_connect(const CandidatePair& pair) const;
  void leave_connection(const Socket& socket);
  void close_unused_peer_connections();

  // relayed_connections.cpp
  void add_relayed_tcp_candidate(Instant now, std::size_t relay, const TransportAddress& relayed);
  void permit_connections(Instant now, const LocalCandidate& ours, const Candidate& theirs);
  void take_offer(std::size_t relay, const turn::ConnectionOffered& offered);
  RelayedConnection* relayed_connection_on(std::size_t socket);
  void server_reached(RelayedConnection& connection,
                      std::expected<TransportAddress, std::string> local_end);
  void take_binding_answer(RelayedConnection& connection, Bytes answer);
  void forget_relayed_connection(std::size_t socket);
  bool has_room_for_connection() const;

  // connections.cpp
  void connect_to_servers();
  bool open_connection(std::size_t server, ComponentId component, bool relays_tcp);
  void connection_opened(Instant now, std::size_t index,
                         std::expected<TransportAddress, std::string> local);
  void disconnected(Instant now, SocketId id, const std::string& reason);
  bool redirect(const Relay& from, const TransportAddress& to);

  // local_candidates.cpp
  std::optional<std::size_t> add_local_candidate(CandidateType type,
                                                 const TransportAddress& address, const Base& base,
                                                 std::size_t server,
                                                 std::optional<IpAddress> router = {});
  bool is_told(CandidateType type) const;
  std::uint16_t local_preference_of(CandidateType type, const Base& base, std::size_t server) const;
  std::size_t add_peer_reflexive_local(const TransportAddress& address, std::size_t local_index);
  std::optional<std::size_t> base_candidate(const Base& base) const;
  std::string foundation_of(CandidateType type, const IpAddress& base,
                            std::optional<IpAddress> server, Transport transport = Transport::udp);

  // own_names.cpp
  std::string name_of(CandidateType type, const IpAddress& address);

  // trickle.cpp
  bool goes_on_telling() const { return config.continual_gathering && config.trickle; }
  void set_remote_parameters(Instant now, Parameters parameters);
  void add_remote_candidate(Instant now, Candidate candidate);
  void end_of_remote_candidates(Instant now);
  std::optional<std::size_t> find_remote(ComponentId component, const TransportAddress& address,
                                         Transport transport) const;

  // pair_formation.cpp
  void pair_local(Instant now, std::size_t local_index);
  void pair_remote(Instant now, std::size_t remote_index);
  CandidatePair* form_pair(Instant now, std::size_t local_index, std::size_t remote_index,
                           bool nominated = false, std::optional<std::size_t> connection = {});
  std::uint64_t priority_of(std::size_t local_index, std::size_t remote_index) const;
  void reprioritise();

  // checks.cpp
  bool send_next_check(Instant now);
  bool may_check(const CandidatePair& pair) const;
  void send_check(Instant now, CandidatePair& pair);
  Check make_check(Instant now, const Credentials& ours, const Credentials& theirs,
                   std::uint32_t priority, std::uint32_t nomination, bool use_candidate);
  Duration check_rto() const;
  void retransmit_checks(Instant now);
  void fail_if_hopeless(Instant now);

  // check_response.cpp
  void take_response(Instant now, const Base& base, const TransportAddress& from,
                     const stun::MessageView& message);
  void take_success(Instant now, CandidatePair& pair, const Check& check,
                    const TransportAddress& mapped);
  void take_error(Instant now, CandidatePair& pair, const Check& check,
                  const stun::MessageView& message);

  // check_request.cpp
  void take_request(Instant now, const Base& base, const TransportAddress& from,
                    const stun::MessageView& message);
  const Credentials* credentials_for(const stun::MessageView& request) const;
  bool authenticate(const Base& base, const TransportAddress& from,
                    const stun::MessageView& message, const Credentials* ours);
  bool resolve_role_conflict(const Base& base, const TransportAddress& from,
                             const stun::MessageView& message);
  void answer(const Base& base, const TransportAddress& to, const stun::MessageView& request,
              const Credentials& ours);
  void refuse(const Base& base, const TransportAddress& to, const stun::MessageView& request,
              stun::ErrorNumber error, bool with_integrity);
  void trigger_check(Instant now, const EarlyCheck& check);
  bool may_learn_at(std::size_t local_index) const;
  std::size_t learn_remote(Instant now, const EarlyCheck& check);

  // nomination.cpp
  void nominate(Instant now);
  void select(Instant now, CandidatePair& pair);
  Instant nomination_doubted_at(const CandidatePair& pair) const;
  void doubt_nominations(Instant now);
  bool outranks(const CandidatePair& pair, std::optional<PairId> selected);
  Instant may_be_nominated_at(const Component& owner, const CandidatePair& pair) const;
  bool udp_is_tried(ComponentId number) const;
  Duration patience_for_direct(const CandidatePair& relayed) const;
  bool direct_checks_are_lost(ComponentId number) const;
  void ask_direct_pairs_again(Instant now, const CandidatePair& relayed);
  void settle(Instant now);
  bool is_done(const Component& component) const;
  bool is_settled() const;
  bool is_selected(const CandidatePair& pair) const;
  Instant direct_hope_ends(ComponentId component) const;
  void use_best_valid_pair(Instant now, ComponentId component);
  void switch_role();
  void lose(Instant now, const Base& base);

  // consent.cpp
  void check_consent(Instant now);
  void ask_on_selected(Instant now, Component& owner, CandidatePair& pair);
  void ask_for_consent(Instant now, Consent& consent, const Base& base, const TransportAddress& to,
                       Check check);
  void keep_former_paths(Instant now);
  bool take_consent_response(Instant now, const stun::MessageView& message);

  // path_health.cpp
  bool watches_paths() const;
  void heard_on(Instant now, CandidatePair& pair);
  void await_answer(Instant now, Component& owner, const CandidatePair& pair);
  void watch_paths(Instant now);
  void check_backups(Instant now, ComponentId component);
  void take_other_path(ComponentId component);
  bool wants_backups(ComponentId component) const;
  void suspect(Instant now, const CandidatePair& pair);

  // path_quality.cpp
  Duration silence_until_degraded(const Component& owner) const;
  void note_question(Instant now, Component& owner);
  void note_answer(Component& owner, Duration round_trip_time);
  void judge_path(Instant now, ComponentId number);
  void begin_quality(ComponentId number, Duration round_trip_time);
  void watch_quality(Instant now);
  Instant silent_since() const;
  Instant restart_due() const;
  void ask_for_restart(Instant now);

  // restart.cpp
  void restart(Instant now, std::span<const IpAddress> addresses);
  std::optional<FormerPath> path_to_keep(Component& component);

  // lite.cpp
  void take_nomination_as_lite(Instant now, const EarlyCheck& check);
  void conclude_between_lites(Instant now);
  void keep_lite_paths_alive(Instant now);

  // data.cpp
  std::optional<Received> take_datagram(Instant now, std::size_t socket,
                                        const TransportAddress& from, MutableBytes datagram);
  std::optional<Received> take_payload(Instant now, const Base& base, const TransportAddress& from,
                                       Bytes payload);
  void take_message(Instant now, const Base& base, const TransportAddress& from,
                    const stun::MessageView& message);
  CandidatePair* pair_from(const Base& base, const TransportAddress& from);
  bool is_former_source(const Base& base, const TransportAddress& from) const;
  std::expected<Transmit, SendError> transmit(Instant now, ComponentId component,
                                              MutableBytes data);

  ComponentId component_of(const Base& base) const { return sockets[base.socket].component; }
  bool wants_to_start();
  bool has_place(Instant now);
  Duration pace() const;
  std::optional<PairId> path_of(const Component& component) const;
  bool has(ComponentId id) const;
  const Component& component(ComponentId id) const {
    assert(has(id));
    return components[(id.stream - 1u) * config.components + id.component - 1u];
  }
  Component& component(ComponentId id) {
    assert(has(id));
    return components[(id.stream - 1u) * config.components + id.component - 1u];
  }
  ComponentId component_at(std::size_t index) const;

  const Config config;
  Random& random;
  Role role;
  std::uint64_t tie_breaker;
  Credentials local;
  State state = State::idle;
  Counters counters;

  std::vector<Socket> sockets;
  std::uint32_t last_socket_id = 0;
  std::vector<std::pair<std::size_t, std::size_t>>
      servers_to_ask;  ///< socket; number of the server
  std::vector<ServerCheck> server_checks;
  std::vector<TransportAddress> stun_servers;  ///< the configuration's, and those that came later
  std::vector<TurnServer> turn_servers;        ///< likewise, and those that they have sent us to
  bool more_servers = false;                   ///< are to come
  std::size_t redirections = 0;
  std::vector<std::unique_ptr<Relay>> relays;
  std::vector<RelayedConnection> relayed_connections;
  std::vector<Reconnection> reconnections;
  std::vector<std::unique_ptr<PortMapping>> port_mappings;
  RequestId last_request;
  std::vector<LocalCandidate> locals;
  std::map<std::string, std::string> foundations;
  std::map<IpAddress, std::string> own_names;
  std::set<TransportAddress> servers_heard;   ///< that have given us an address
  std::set<TransportAddress> servers_failed;  ///< that were told of
  bool gathering_done = false;
  Instant gathering_ends = never;  ///< at the latest
  std::string socket_problem;      ///< of the last one that could not be opened
  Instant next_keepalive = never;
  Instant release_relays_at = never;

  std::optional<Parameters> remote;
  unsigned late_answers = 0;      ///< to requests that had to be sent again
  std::uint32_t nominations = 0;  ///< numbered for a peer that knows renomination
  std::vector<Candidate> remotes;
  bool remotes_done = false;
  std::vector<EarlyCheck> early_checks;
  std::optional<Instant> began;       ///< when the remote candidates began to be known
  Instant no_failure_before = never;  ///< the PAC timer, RFC 8863 §4

  Instant addresses_changed{};  ///< the host's
  bool restart_told = false;    ///< that no pair works

  std::unique_ptr<Spray> spraying;
  Instant next_spray = never;

  ChecklistSet checklists;
  std::vector<Component> components;  ///< stream by stream
  Instant next_transaction{};         ///< pacing: no new one before (RFC 8445 §14.2)
  std::optional<Instant> place;       ///< in the shared pacing, that is yet to come
  Instant wake_at = never;

  std::list<Command> commands;  ///< a list, for an empty one holds no memory
  std::list<Event> events;
};

}  // namespace stile::ice
