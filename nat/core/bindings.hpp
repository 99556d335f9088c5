#pragma once

#include <algorithm>
#include <expected>
#include <functional>

#include "nat/core/config.hpp"
#include "nat/core/endpoint.hpp"
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
  bool follows_first = false;  ///< a forward at whatever is the first external address
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
  Instant wake{};  ///< its earliest entry in the queue
  TcpTracking tcp;
  Traffic outbound;
  Traffic inbound;
};
using SessionId = SlotId<Session>;

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

  /// A session for a new outbound flow, with its mapping if that is new too. The caller sets its
  /// deadline.
  std::expected<Session*, Refusal> open(Instant now, Protocol protocol, Endpoint inside,
                                        Endpoint remote);
  void set_deadline(Session& session, Instant deadline);
  void keep_mapping(Mapping& mapping, Instant until);

  void end_due(Instant now);
  void end_all(Instant now);
  Instant earliest() const {
    return std::min({session_queue_.earliest(), mapping_queue_.earliest(), ports_.earliest()});
  }
  /// Config::external is another one.
  void follow_external(Instant now);

  const SlotMap<Session>& sessions() const { return sessions_; }
  /// Forwards not counted.
  std::size_t mapping_count() const { return mappings_.size() - forwards_; }

 private:
  void add_forward(Instant now, const Forward& forward, std::uint32_t external);
  void add_static(Instant now, const Mapping& mapping);
  void end_where(Instant now, const std::function<bool(const Mapping&)>& wanted, EndReason reason);
  bool is_external(std::uint32_t address) const;
  MappingId insert_mapping(const Mapping& mapping);
  MappingId id_of_inside(Protocol protocol, Endpoint inside, Endpoint remote) const;
  Endpoint scope_of(Protocol protocol, Endpoint remote) const;
  std::optional<Refusal> full_for(Endpoint inside, MappingId known) const;
  std::expected<MappingId, Refusal> create_mapping(Instant now, Protocol protocol, Endpoint inside,
                                                   Endpoint scope);
  std::expected<Endpoint, Refusal> external_for(Instant now, Protocol protocol,
                                                Subscriber& subscriber, std::uint16_t inside_port);
  const Subscriber* known_subscriber(std::uint32_t inside_address) const;
  SlotId<Subscriber> join_subscriber(std::uint32_t inside_address, Instant now);
  bool within_rate(Instant now, Subscriber& subscriber) const;
  Session& insert_session(Instant now, MappingId id, Endpoint remote);
  void remove_session(SessionId id, EndReason reason, Instant now);
  void remove_mapping(MappingId id, EndReason reason, Instant now);
  void release_port(const Mapping& mapping, EndReason reason, Instant now);
  void leave_subscriber(SlotId<Subscriber> id, EndReason reason, Instant now);
  MappingInfo info_of(const Mapping& mapping) const;
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
  DeadlineQueue<SessionId> session_queue_;
  DeadlineQueue<MappingId> mapping_queue_;
};

}  // namespace stile::nat
