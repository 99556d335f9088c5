#pragma once

#include <algorithm>
#include <expected>
#include <functional>
#include <span>

#include "nat/core/config.hpp"
#include "nat/core/endpoint.hpp"
#include "nat/core/explicit_mapping.hpp"
#include "nat/core/flow_table.hpp"
#include "nat/core/foreseen_records.hpp"
#include "nat/core/mapping.hpp"
#include "nat/core/nat.hpp"
#include "nat/core/port_assignment.hpp"
#include "nat/core/record_pool.hpp"
#include "nat/core/session.hpp"
#include "nat/core/subscriber.hpp"
#include "nat/core/wake_queue.hpp"

namespace stile::nat {

/// An external endpoint that was asked for; what is 0 does not matter.
struct Wish {
  Endpoint external;
  bool exactly = false;      ///< rather nothing than another
  bool is_explicit = false;  ///< the host asks for the mapping itself
  bool is_restored = false;  ///< another NAT gave it: its block comes along, no rate holds it up
};

/// All mappings and sessions. One function inserts and one removes across all tables. Numbers of
/// records are theirs as long as they live, then others'.
///
/// At most Config::max_ended_at_once end with one input. Those that are over and wait for their
/// turn are not found, though they keep their ports.
class Bindings {
 public:
  using Emit = std::function<void(Event&&)>;
  Bindings(const Config& config, Random& random, Counters& counters, Emit emit);

  const Mapping* mapping_of_inside(Protocol protocol, Endpoint inside, Endpoint remote) const;
  const Mapping* mapping_of_external(Protocol protocol, Endpoint external) const;
  SessionRef session_of_inside(Protocol protocol, Endpoint inside, Endpoint remote);
  SessionRef session_of_external(Protocol protocol, Endpoint external, Endpoint remote);
  // Likewise of the next packet, if it is as it was foreseen.
  SessionRef foreseen_of_inside(Protocol protocol, Endpoint inside, Endpoint remote);
  SessionRef foreseen_of_external(Protocol protocol, Endpoint external, Endpoint remote);
  // Mappings that need no session, of the next packet or not.
  MappingRef lone_mapping_of_inside(Protocol protocol, Endpoint inside);
  MappingRef lone_mapping_of_external(Protocol protocol, Endpoint external);
  Session* find(SessionId id) { return sessions_.find(id); }
  SessionId id_of(SessionRef session) const { return sessions_.id_of(session.number); }
  bool knows_endpoint(Protocol protocol, Endpoint external, Endpoint remote) const;
  /// Whether the owner of `mapping` has a live session with any port of `remote_address`.
  bool knows_address(const Mapping& mapping, std::uint32_t remote_address) const;

  /// All of Config::forwards that have an address and are not there.
  void add_forwards(Instant now);
  /// Config::forwards are others: those that are not among them end.
  void follow_forwards(Instant now);
  /// Likewise of Config::balancers.
  void add_balancers(Instant now);
  bool is_balanced(Protocol protocol, Endpoint external) const;
  /// Which server a client goes to; nothing if none is well.
  std::optional<Endpoint> server_for(Protocol protocol, Endpoint external, Endpoint client) const;
  /// Ends its sessions when it is not. False if that is no news.
  bool set_server_well(Instant now, Endpoint server, bool is_well);

  /// A session for a new outbound flow, with its mapping if that is new too. The caller sets its
  /// deadline.
  std::expected<SessionRef, Refusal> open(Instant now, Protocol protocol, Endpoint inside,
                                          Endpoint remote, const Wish& wish = {});
  /// The mapping of an inside endpoint that needs no session (Config::has_sessions), a new one if
  /// there is none. The caller calls age().
  std::expected<MappingRef, Refusal> open_mapping(Instant now, Protocol protocol, Endpoint inside,
                                                  const Wish& wish = {});
  /// Of such a mapping: it ends then.
  void age(MappingRef mapping, Instant until);
  /// One that another NAT has had; nothing if it cannot be as it was.
  SessionRef restore(Instant now, Protocol protocol, Endpoint inside, Endpoint external,
                     Endpoint remote);
  MappingRef restore_mapping(Instant now, Protocol protocol, Endpoint inside, Endpoint external);
  void set_deadline(SessionRef session, Instant deadline);
  void end(SessionRef session, Instant now) {
    remove_session(session.number, EndReason::expired, now);
  }
  /// Inbound refresh of the mapping of a session, or of one that was found by its external
  /// endpoint.
  void keep_mapping_of(SessionRef session, Instant until);
  void keep_mapping(Protocol protocol, Endpoint external, Instant until);

  // explicit_mappings.cpp: what hosts ask for themselves
  std::expected<const Mapping*, ExplicitRefusal> map(Instant now, const MapRequest& request);
  /// A mapping that sessions use goes on without its terms. False if there is none.
  bool unmap(Instant now, Protocol protocol, Endpoint inside);
  std::expected<SessionRef, ExplicitRefusal> peer(Instant now, const PeerRequest& request);
  /// Who asked for this session, if anybody did.
  const MappingNonce* nonce_of_peer(const Session& session) const;
  /// What a PEER request prolonged lasts no longer than its packets make it.
  void forget_peer(Session& session);
  /// The external address that a host is paired with, or will be; 0 if there is none.
  std::uint32_t external_address_for(std::uint32_t inside_address) const;
  /// Of an inside endpoint, whatever it sends to.
  const Mapping* unscoped_mapping(Protocol protocol, Endpoint inside) const;
  const ExplicitTerms* terms_of(const Mapping& mapping) const;
  bool terms_admit(const Mapping& mapping, Endpoint remote) const;
  MappingInfo info_of(const Mapping& mapping) const;
  const RecordPool<Mapping>& mappings() const { return mappings_; }
  /// When the last of a mapping's sessions ends. Limit: nothing if it has more than `most`.
  std::optional<Instant> last_deadline_of(const Mapping& mapping, std::size_t most) const;

  void end_due(Instant now);
  /// Sessions of established TCP that were over and were given some more time, since the last call
  /// (Config::probes_connections).
  std::vector<std::uint32_t> take_doubted() { return std::exchange(doubted_, {}); }
  void end_all(Instant now);
  Instant earliest() const {
    return std::min({session_queue_.earliest(), mapping_queue_.earliest(), terms_queue_.earliest(),
                     ports_.earliest()});
  }
  /// Config::external is another one.
  void follow_external(Instant now);

  const RecordPool<Session>& sessions() const { return sessions_; }
  /// Whether a session's time is over, and only its turn to end has not come.
  bool is_over(const Session& session) const { return session.deadline <= overdue_; }
  std::size_t explicit_count() const { return explicit_terms_.size(); }
  /// Forwards not counted.
  std::size_t mapping_count() const { return mappings_.size() - forwards_; }

  // prefetch.cpp
  /// Packets with these keys are to come next: what they will be looked up by is fetched.
  void foresee(Side from, std::span<const FlowKey> keys);

 private:
  struct KeptTerms {
    ExplicitTerms terms;
    std::uint32_t mapping = no_record;
  };
  struct PeerTerms {
    MappingNonce nonce{};
    Instant until{};  ///< its session lasts at least so long, whatever its idle timeout is
  };

  void reserve();

  // lookup.cpp
  bool is_behind() const { return overdue_ != Instant::min(); }
  bool is_over(const Mapping& mapping) const;
  bool has_live_session(const Mapping& mapping, std::uint32_t remote_address) const;
  bool waits(const Mapping& mapping) const { return is_behind() && is_over(mapping); }
  std::uint32_t number_of_inside(Protocol protocol, Endpoint inside, Endpoint remote) const;
  std::uint32_t mapping_with_inside(const FlowKey& key) const;
  std::uint32_t mapping_with_external(const FlowKey& key) const;
  MappingRef live_mapping(std::uint32_t number) {
    if (number == no_record || waits(mappings_[number])) return {};
    return {&mappings_[number], number};
  }
  SessionRef live(std::uint32_t number) {
    if (number == no_record || is_over(sessions_[number])) return {};
    return {&sessions_[number], number};
  }
  static FlowKey inside_key_of(const Session& session) {
    return flow_key(session.protocol, session.inside, session.remote);
  }
  static FlowKey external_key_of(const Session& session) {
    return flow_key(session.protocol, session.external, session.remote);
  }
  std::uint32_t session_with_inside(Protocol protocol, Endpoint inside, Endpoint remote) const;
  std::uint32_t session_with_external(Protocol protocol, Endpoint external, Endpoint remote) const;
  Endpoint scope_of(Protocol protocol, Endpoint remote) const;
  static FlowKey inside_key_of(const Mapping& mapping);
  FlowKey external_key_of(const Mapping& mapping) const;

  void add_forward(Instant now, const Forward& forward, std::uint32_t external);
  void add_static(Instant now, const Mapping& mapping);
  void add_server(Instant now, const Balancer& balancer, Endpoint external,
                  const Balancer::Server& server);
  void forget_choices();
  void end_where(Instant now, const std::function<bool(const Mapping&)>& wanted, EndReason reason);
  void end_sessions_of(std::uint32_t mapping, EndReason reason, Instant now);
  bool is_external(std::uint32_t address) const;
  std::uint32_t insert_mapping(const Mapping& mapping);
  /// RFC 5508 §3.1: identifiers are not shared.
  bool is_overloaded(Protocol protocol) const {
    return config_.ports == PortAssignment::overload && protocol != Protocol::icmp;
  }
  bool counts_addresses(Protocol protocol) const {
    return config_.filtering_for(protocol) == Behavior::address_dependent;
  }
  std::optional<Refusal> full_for(Endpoint inside, std::uint32_t known) const;
  void make_room(Instant now);
  std::expected<std::uint32_t, Refusal> create_mapping(Instant now, Protocol protocol,
                                                       Endpoint inside, Endpoint remote,
                                                       const Wish& wish);
  std::expected<Endpoint, Refusal> external_for(Instant now, Protocol protocol,
                                                Subscriber& subscriber, Endpoint inside,
                                                Endpoint scope, const Wish& wish);
  std::optional<Endpoint> own_port(Instant now, Protocol protocol, Subscriber& subscriber,
                                   std::uint16_t inside_port, const Wish& wish);
  std::optional<Endpoint> shared_port(Protocol protocol, const Subscriber& subscriber,
                                      std::uint16_t inside_port, Endpoint remote);
  bool has_explicit_left(Endpoint inside) const;
  void set_terms(std::uint32_t mapping, const MapRequest& request);
  void end_terms(std::uint32_t mapping, EndReason reason, Instant now);
  void forget_terms(std::uint32_t mapping);
  bool is_in_use(const Mapping& mapping, Instant now) const;
  void end_if_unused(std::uint32_t mapping, EndReason reason, Instant now);
  bool is_companion(const Mapping& mapping);
  const Subscriber* known_subscriber(std::uint32_t inside_address) const;
  std::optional<std::uint32_t> join_subscriber(std::uint32_t inside_address, Instant now);
  bool within_rate(Instant now, Subscriber& subscriber) const;
  SessionRef insert_session(Instant now, std::uint32_t mapping, Endpoint remote);
  void link(std::uint32_t session, std::uint32_t mapping);
  void unlink(std::uint32_t session);
  void count_address(const Session& session, int change);
  void remove_session(std::uint32_t number, EndReason reason, Instant now);
  void remove_mapping(std::uint32_t number, EndReason reason, Instant now);
  void release_port(const Mapping& mapping, EndReason reason, Instant now);
  void leave_subscriber(std::uint32_t number, EndReason reason, Instant now);
  static SessionCreated info_of(const Session& session);
  std::size_t end_due_sessions(Instant now, std::size_t most);
  bool doubt(std::uint32_t session, Instant now);
  std::size_t end_due_terms(Instant now, std::size_t most);
  void end_due_mappings(Instant now, std::size_t most);
  void end_overdue(Instant now, Protocol protocol, Endpoint inside, Endpoint remote);

  const Config& config_;
  Counters& counters_;
  Emit emit_;
  PortAssignor ports_;
  RecordPool<Mapping> mappings_;
  std::size_t forwards_ = 0;  ///< of mappings_
  RecordPool<Session> sessions_;
  ChunkedArray<SessionLinks> links_;  ///< by number of session
  RecordPool<Subscriber> subscribers_;
  FlowHash hash_;
  HashIndex mappings_by_inside_;
  HashIndex mappings_by_external_;
  HashIndex sessions_by_inside_;
  HashIndex sessions_by_external_;
  ForeseenRecords foreseen_;
  FlowTable<std::uint32_t> sessions_with_address_;  ///< how many, where a filter asks for it
  FlowTable<std::uint32_t> subscribers_by_address_;
  std::uint64_t balancer_seed_;
  FlowTable<std::uint32_t> choices_;  ///< by external endpoint: a number in choice_list_, from 1 on
  std::vector<ServerChoice> choice_list_;
  WakeQueue session_queue_;
  WakeQueue mapping_queue_;  ///< of those past their last session
  RecordPool<KeptTerms> explicit_terms_;
  FlowTable<std::uint32_t> terms_by_mapping_;
  WakeQueue terms_queue_;
  FlowTable<PeerTerms> peers_;
  std::vector<std::uint32_t> doubted_;
  /// What was over then, and is still there, waits for its turn to end; if nothing does, the
  /// beginning of time.
  Instant overdue_ = Instant::min();
};

// Asked with each packet.

inline SessionRef Bindings::session_of_inside(Protocol protocol, Endpoint inside, Endpoint remote) {
  return live(session_with_inside(protocol, inside, remote));
}

inline SessionRef Bindings::session_of_external(Protocol protocol, Endpoint external,
                                                Endpoint remote) {
  return live(session_with_external(protocol, external, remote));
}

inline SessionRef Bindings::foreseen_of_inside(Protocol protocol, Endpoint inside,
                                               Endpoint remote) {
  const FlowKey key = flow_key(protocol, inside, remote);
  return live(foreseen_.take([&](std::uint32_t number) {
    return number < sessions_.slot_count() && inside_key_of(sessions_[number]) == key;
  }));
}

inline SessionRef Bindings::foreseen_of_external(Protocol protocol, Endpoint external,
                                                 Endpoint remote) {
  const FlowKey key = flow_key(protocol, external, remote);
  return live(foreseen_.take([&](std::uint32_t number) {
    return number < sessions_.slot_count() && external_key_of(sessions_[number]) == key;
  }));
}

inline MappingRef Bindings::lone_mapping_of_inside(Protocol protocol, Endpoint inside) {
  const FlowKey key = flow_key(protocol, inside);
  const std::uint32_t foreseen = foreseen_.take([&](std::uint32_t number) {
    return number < mappings_.slot_count() && inside_key_of(mappings_[number]) == key;
  });
  return live_mapping(foreseen != no_record ? foreseen : mapping_with_inside(key));
}

inline MappingRef Bindings::lone_mapping_of_external(Protocol protocol, Endpoint external) {
  const FlowKey key = flow_key(protocol, external);
  const std::uint32_t foreseen = foreseen_.take([&](std::uint32_t number) {
    return number < mappings_.slot_count() && external_key_of(mappings_[number]) == key;
  });
  return live_mapping(foreseen != no_record ? foreseen : mapping_with_external(key));
}

inline std::uint32_t Bindings::session_with_inside(Protocol protocol, Endpoint inside,
                                                   Endpoint remote) const {
  const FlowKey key = flow_key(protocol, inside, remote);
  return sessions_by_inside_.find(
      hash_(key), [&](std::uint32_t number) { return inside_key_of(sessions_[number]) == key; });
}

inline std::uint32_t Bindings::session_with_external(Protocol protocol, Endpoint external,
                                                     Endpoint remote) const {
  const FlowKey key = flow_key(protocol, external, remote);
  return sessions_by_external_.find(
      hash_(key), [&](std::uint32_t number) { return external_key_of(sessions_[number]) == key; });
}

}  // namespace stile::nat
