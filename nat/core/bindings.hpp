#pragma once

#include <algorithm>
#include <expected>
#include <functional>

#include "nat/core/config.hpp"
#include "nat/core/endpoint.hpp"
#include "nat/core/explicit_mapping.hpp"
#include "nat/core/flow_table.hpp"
#include "nat/core/nat.hpp"
#include "nat/core/port_assignment.hpp"
#include "nat/core/subscriber.hpp"
#include "nat/core/tcp_tracking.hpp"
#include "stile/base/deadline_queue.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat {

/// RFC 4787 §4.1: an inside endpoint and the external endpoint it appears as.
struct Mapping {
  Protocol protocol = Protocol::udp;
  Endpoint inside;
  Endpoint external;
  Endpoint remote;  ///< the part of the remote endpoint it depends on; zero where it does not
  SlotId<Subscriber> subscriber;
  std::uint32_t sessions = 0;
  Instant kept_until{};  ///< past its last session, by inbound refresh
  bool awaits_end = false;
  bool is_static = false;      ///< a forward: it never ends, and no subscriber has it
  bool is_shared = false;      ///< of a server behind a balancer: others have the same port
  bool follows_first = false;  ///< a forward at whatever is the first external address
  bool was_explicit = false;
  bool reserves_companion = false;  ///< the same port of the other protocol (RFC 6886 §3.3)
  SlotId<ExplicitTerms> terms;      ///< while it is an explicit mapping
  Instant terms_wake = never;       ///< their earliest entry in the queue
};
using MappingId = SlotId<Mapping>;

/// A mapping and one remote endpoint: what filters ask for and what ages (RFC 4787 §4.3,
/// "per-session").
struct Session {
  SlotId<Session> id;
  MappingId mapping;
  Protocol protocol = Protocol::udp;
  Endpoint inside;
  Endpoint external;
  Endpoint remote;
  Instant deadline{};
  Instant wake{};        ///< its earliest entry in the queue
  Instant kept_until{};  ///< by a PEER request, whatever its idle timeout is
  TcpTracking tcp;
  bool is_closing = false;  ///< of DCCP and SCTP
  Traffic outbound;
  Traffic inbound;
};
using SessionId = SlotId<Session>;

/// An external endpoint that was asked for; what is 0 does not matter.
struct Wish {
  Endpoint external;
  bool exactly = false;      ///< rather nothing than another
  bool is_explicit = false;  ///< the host asks for the mapping itself
};

/// All mappings and sessions. One function inserts and one removes across all tables.
class Bindings {
 public:
  using Emit = std::function<void(Event)>;
  Bindings(const Config& config, Random& random, Counters& counters, Emit emit);

  const Mapping* mapping_of_inside(Protocol protocol, Endpoint inside, Endpoint remote) const;
  Mapping* mapping_of_external(Protocol protocol, Endpoint external);
  Session* session_of_inside(Protocol protocol, Endpoint inside, Endpoint remote);
  Session* session_of_external(Protocol protocol, Endpoint external, Endpoint remote);
  Mapping* mapping_of(const Session& session) { return mappings_.find(session.mapping); }
  Session* find(SessionId id) { return sessions_.find(id); }
  bool knows_endpoint(Protocol protocol, Endpoint external, Endpoint remote) const;
  /// Whether the owner of `external` has a live session with any port of `remote_address`.
  bool knows_address(Protocol protocol, Endpoint external, std::uint32_t remote_address) const;

  /// All of Config::forwards that have an address and are not there.
  void add_forwards(Instant now);
  /// Likewise of Config::balancers.
  void add_balancers(Instant now);
  bool is_balanced(Protocol protocol, Endpoint external) const;
  /// Which server a client goes to; nothing if none is well.
  std::optional<Endpoint> server_for(Protocol protocol, Endpoint external, Endpoint client) const;
  /// Ends its sessions when it is not. False if that is no news.
  bool set_server_well(Instant now, Endpoint server, bool is_well);

  /// A session for a new outbound flow, with its mapping if that is new too. The caller sets its
  /// deadline.
  std::expected<Session*, Refusal> open(Instant now, Protocol protocol, Endpoint inside,
                                        Endpoint remote, const Wish& wish = {});
  /// One that another NAT has had; nothing if it cannot be as it was.
  std::optional<Session*> restore(Instant now, Protocol protocol, Endpoint inside,
                                  Endpoint external, Endpoint remote);
  void set_deadline(Session& session, Instant deadline);
  void end(SessionId id, Instant now) { remove_session(id, EndReason::expired, now); }
  void keep_mapping(Mapping& mapping, Instant until);

  // explicit_mappings.cpp: what hosts ask for themselves
  std::expected<const Mapping*, ExplicitRefusal> map(Instant now, const MapRequest& request);
  /// A mapping that sessions use goes on without its terms. False if there is none.
  bool unmap(Instant now, Protocol protocol, Endpoint inside);
  std::expected<Session*, ExplicitRefusal> peer(Instant now, const PeerRequest& request);
  /// Who asked for this session, if anybody did.
  const MappingNonce* nonce_of_peer(const Session& session) const;
  /// The external address that a host is paired with, or will be; 0 if there is none.
  std::uint32_t external_address_for(std::uint32_t inside_address) const;
  /// Of an inside endpoint, whatever it sends to.
  const Mapping* unscoped_mapping(Protocol protocol, Endpoint inside) const;
  const ExplicitTerms* terms_of(const Mapping& mapping) const {
    return explicit_terms_.find(mapping.terms);
  }
  bool terms_admit(const Mapping& mapping, Endpoint remote) const;
  MappingInfo info_of(const Mapping& mapping) const;
  const SlotMap<Mapping>& mappings() const { return mappings_; }

  void end_due(Instant now);
  void end_all(Instant now);
  Instant earliest() const {
    return std::min({session_queue_.earliest(), mapping_queue_.earliest(), terms_queue_.earliest(),
                     ports_.earliest()});
  }
  /// Config::external is another one.
  void follow_external(Instant now);

  const SlotMap<Session>& sessions() const { return sessions_; }
  /// Forwards not counted.
  std::size_t mapping_count() const { return mappings_.size() - forwards_; }

 private:
  void add_forward(Instant now, const Forward& forward, std::uint32_t external);
  void add_static(Instant now, const Mapping& mapping);
  void add_server(Instant now, const Balancer& balancer, Endpoint external,
                  const Balancer::Server& server);
  void forget_choices();
  void end_where(Instant now, const std::function<bool(const Mapping&)>& wanted, EndReason reason);
  bool is_external(std::uint32_t address) const;
  MappingId insert_mapping(const Mapping& mapping);
  MappingId id_of_inside(Protocol protocol, Endpoint inside, Endpoint remote) const;
  Endpoint scope_of(Protocol protocol, Endpoint remote) const;
  /// RFC 5508 §3.1: identifiers are not shared.
  bool is_overloaded(Protocol protocol) const {
    return config_.ports == PortAssignment::overload && protocol != Protocol::icmp;
  }
  std::optional<Refusal> full_for(Endpoint inside, MappingId known) const;
  void make_room(Instant now);
  std::expected<MappingId, Refusal> create_mapping(Instant now, Protocol protocol, Endpoint inside,
                                                   Endpoint scope, const Wish& wish);
  std::expected<Endpoint, Refusal> external_for(Instant now, Protocol protocol,
                                                Subscriber& subscriber, Endpoint inside,
                                                Endpoint scope, const Wish& wish);
  std::optional<Endpoint> own_port(Instant now, Protocol protocol, Subscriber& subscriber,
                                   std::uint16_t inside_port, const Wish& wish);
  std::optional<Endpoint> shared_port(Protocol protocol, const Subscriber& subscriber,
                                      std::uint16_t inside_port, Endpoint remote);
  FlowKey external_key_of(const Mapping& mapping) const;
  bool has_explicit_left(Endpoint inside) const;
  void set_terms(MappingId id, const MapRequest& request);
  void end_terms(MappingId id, EndReason reason, Instant now);
  void forget_terms(Mapping& mapping);
  void end_if_unused(MappingId id, EndReason reason, Instant now);
  bool is_companion(const Mapping& mapping);
  void end_due_terms(Instant now);
  const Subscriber* known_subscriber(std::uint32_t inside_address) const;
  SlotId<Subscriber> join_subscriber(std::uint32_t inside_address, Instant now);
  bool within_rate(Instant now, Subscriber& subscriber) const;
  Session& insert_session(Instant now, MappingId id, Endpoint remote);
  void remove_session(SessionId id, EndReason reason, Instant now);
  void remove_mapping(MappingId id, EndReason reason, Instant now);
  void release_port(const Mapping& mapping, EndReason reason, Instant now);
  void leave_subscriber(SlotId<Subscriber> id, EndReason reason, Instant now);
  static SessionCreated info_of(const Session& session);
  void end_due_sessions(Instant now);
  void end_due_mappings(Instant now);
  void compact_queue();

  const Config& config_;
  Counters& counters_;
  Emit emit_;
  PortAssignor ports_;
  SlotMap<Mapping> mappings_;
  std::size_t forwards_ = 0;  ///< of mappings_
  SlotMap<Session> sessions_;
  SlotMap<Subscriber> subscribers_;
  FlowTable<MappingId> mappings_by_inside_;
  FlowTable<MappingId> mappings_by_external_;
  FlowTable<SessionId> sessions_by_inside_;
  FlowTable<SessionId> sessions_by_external_;
  FlowTable<std::uint32_t> sessions_with_address_;
  FlowTable<SlotId<Subscriber>> subscribers_by_address_;
  std::uint64_t balancer_seed_;
  FlowTable<std::uint32_t> choices_;  ///< by external endpoint: a number in choice_list_, from 1 on
  std::vector<ServerChoice> choice_list_;
  DeadlineQueue<SessionId> session_queue_;
  DeadlineQueue<MappingId> mapping_queue_;
  SlotMap<ExplicitTerms> explicit_terms_;
  DeadlineQueue<MappingId> terms_queue_;
  FlowTable<MappingNonce> peer_nonces_;
};

}  // namespace stile::nat
