#include "nat/core/bindings.hpp"

namespace stile::nat {

void Bindings::set_deadline(Session& session, Instant deadline) {
  session.deadline = std::max(deadline, session.kept_until);
  if (session.deadline >= session.wake) return;
  session.wake = session.deadline;
  session_queue_.push(session.wake, session.id);
  compact_queue();
}

/// A deadline that came nearer left its later entry behind. When such entries are most of the
/// queue, it is made anew.
void Bindings::compact_queue() {
  if (session_queue_.size() <= 4 * sessions_.size() + 1024) return;
  session_queue_ = {};
  sessions_.for_each([this](SessionId id, Session& session) {
    session.wake = session.deadline;
    session_queue_.push(session.wake, id);
  });
}

void Bindings::keep_mapping(Mapping& mapping, Instant until) {
  mapping.kept_until = std::max(mapping.kept_until, until);
}

void Bindings::end_due(Instant now) {
  end_due_sessions(now);
  end_due_terms(now);
  end_due_mappings(now);
  ports_.end_due(now);
}

void Bindings::end_due_sessions(Instant now) {
  while (const auto id = session_queue_.pop_due(now)) {
    Session* session = sessions_.find(*id);
    if (!session || session->wake > now) continue;
    if (session->deadline <= now) {
      remove_session(*id, EndReason::expired, now);
      continue;
    }
    session->wake = session->deadline;
    session_queue_.push(session->wake, *id);
  }
}

void Bindings::end_due_mappings(Instant now) {
  while (const auto id = mapping_queue_.pop_due(now)) {
    Mapping* mapping = mappings_.find(*id);
    if (!mapping || mapping->is_static) continue;
    mapping->awaits_end = false;
    end_if_unused(*id, EndReason::expired, now);
  }
}

/// Config::evict_oldest. The queue's entries may be early; then they are put where they belong.
void Bindings::make_room(Instant now) {
  while (!sessions_.empty() &&
         (sessions_.size() >= config_.max_sessions || mapping_count() >= config_.max_mappings)) {
    const SessionId id = *session_queue_.pop_due(never);
    Session* session = sessions_.find(id);
    if (!session) continue;
    if (session->deadline > session->wake) {
      session->wake = session->deadline;
      session_queue_.push(session->wake, id);
      continue;
    }
    ++counters_.sessions_evicted;
    remove_session(id, EndReason::evicted, now);
  }
}

void Bindings::end_all(Instant now) {
  end_where(now, [](const Mapping& mapping) { return !mapping.is_static; }, EndReason::flushed);
  // The sessions of forwards end, the forwards do not.
  std::vector<SessionId> left;
  sessions_.for_each([&](SessionId id, const Session&) { left.push_back(id); });
  for (const SessionId id : left) remove_session(id, EndReason::flushed, now);
  session_queue_ = {};
  mapping_queue_ = {};
  terms_queue_ = {};
}

void Bindings::end_where(Instant now, const std::function<bool(const Mapping&)>& wanted,
                         EndReason reason) {
  std::vector<SessionId> sessions;
  sessions_.for_each([&](SessionId id, const Session& session) {
    if (wanted(*mappings_.find(session.mapping))) sessions.push_back(id);
  });
  for (const SessionId id : sessions) remove_session(id, reason, now);
  std::vector<MappingId> mappings;
  mappings_.for_each([&](MappingId id, const Mapping& mapping) {
    if (wanted(mapping)) mappings.push_back(id);
  });
  for (const MappingId id : mappings) remove_mapping(id, reason, now);
}

}  // namespace stile::nat
