#include "nat/core/bindings.hpp"

namespace stile::nat {

void Bindings::set_deadline(SessionRef session, Instant deadline) {
  if (session->was_asked_for) {
    const FlowKey key = flow_key(session->protocol, session->inside, session->remote);
    deadline = std::max(deadline, peers_.find(key)->until);
  }
  const Instant before = std::exchange(session->deadline, deadline);
  if (!session->is_queued) {
    session->is_queued = true;
    return session_queue_.put(session.number, deadline);
  }
  // Its entry is never later than its deadline was.
  if (deadline < before && deadline < session_queue_.wake_of(session.number))
    session_queue_.move(session.number, deadline);
}

/// A forward has no end.
void Bindings::age(MappingRef mapping, Instant until) {
  const Instant before = std::exchange(mapping->kept_until, until);
  if (mapping->is_static) return;
  if (!mapping->awaits_end) {
    mapping->awaits_end = true;
    return mapping_queue_.put(mapping.number, until);
  }
  // Its entry is never later than its end was.
  if (until < before && until < mapping_queue_.wake_of(mapping.number))
    mapping_queue_.move(mapping.number, until);
}

void Bindings::keep_mapping_of(SessionRef session, Instant until) {
  Mapping& mapping = mappings_[links_[session.number].mapping];
  mapping.kept_until = std::max(mapping.kept_until, until);
}

void Bindings::keep_mapping(Protocol protocol, Endpoint external, Instant until) {
  const std::uint32_t number = mapping_with_external(flow_key(protocol, external));
  if (number == no_record) return;
  if (!config_.has_sessions(protocol)) return age({&mappings_[number], number}, until);
  mappings_[number].kept_until = std::max(mappings_[number].kept_until, until);
}

std::optional<Instant> Bindings::last_deadline_of(const Mapping& mapping, std::size_t most) const {
  if (mapping.sessions > most) return std::nullopt;
  Instant last{};
  for (std::uint32_t number = mapping.first_session; number != no_record;
       number = links_[number].next)
    last = std::max(last, sessions_[number].deadline);
  return last;
}

/// Limit: what is over and has not ended then ends with the next input, for which poll_timeout()
/// asks at once.
void Bindings::end_due(Instant now) {
  std::size_t left = config_.max_ended_at_once;
  left -= end_due_sessions(now, left);
  left -= end_due_terms(now, left);
  end_due_mappings(now, left);
  ports_.end_due(now, config_.max_ended_at_once);
  const bool is_late = std::min({session_queue_.earliest(), mapping_queue_.earliest(),
                                 terms_queue_.earliest()}) <= now;
  overdue_ = is_late ? now : Instant::min();
}

/// Gives how many entries were looked at.
std::size_t Bindings::end_due_sessions(Instant now, std::size_t most) {
  std::size_t count = 0;
  for (; count < most && session_queue_.earliest() <= now; ++count) {
    const std::uint32_t number = session_queue_.first().number;
    if (sessions_[number].deadline <= now && !doubt(number, now))
      remove_session(number, EndReason::expired, now);
    else
      session_queue_.move(number, sessions_[number].deadline);
  }
  return count;
}

/// Config::probes_connections. Once, as the session is not established any more then.
bool Bindings::doubt(std::uint32_t number, Instant now) {
  Session& session = sessions_[number];
  if (!config_.probes_connections || session.protocol != Protocol::tcp ||
      session.tcp.state() != TcpState::established)
    return false;
  session.tcp.doubt();
  session.deadline = now + config_.tcp_closing_timeout;
  doubted_.push_back(number);
  return true;
}

void Bindings::end_due_mappings(Instant now, std::size_t most) {
  for (std::size_t i = 0; i < most && mapping_queue_.earliest() <= now; ++i) {
    const std::uint32_t number = mapping_queue_.first().number;
    mapping_queue_.remove(number);
    mappings_[number].awaits_end = false;
    end_if_unused(number, EndReason::expired, now);
  }
}

/// A new flow gets what it would if all that is over had ended: what is over of its inside endpoint
/// ends now. Limit: of a mapping with more sessions than end at once the rest stays, and the
/// mapping with it.
void Bindings::end_overdue(Instant now, Protocol protocol, Endpoint inside, Endpoint remote) {
  const std::uint32_t same = session_with_inside(protocol, inside, remote);
  if (same != no_record) remove_session(same, EndReason::expired, now);
  const std::uint32_t number = number_of_inside(protocol, inside, remote);
  if (number == no_record || !is_over(mappings_[number])) return;
  const MappingId id = mappings_.id_of(number);
  const auto has_session = [&] { return mappings_.holds(id) && mappings_[number].sessions > 0; };
  for (std::size_t i = 0; i < config_.max_ended_at_once && has_session(); ++i)
    remove_session(mappings_[number].first_session, EndReason::expired, now);
  if (mappings_.holds(id) && !has_session()) remove_mapping(number, EndReason::expired, now);
}

/// Config::evict_oldest. The queue's entries may be early; then they are put where they belong.
void Bindings::make_room(Instant now) {
  while (!session_queue_.empty() &&
         (sessions_.size() >= config_.max_sessions || mapping_count() >= config_.max_mappings)) {
    const WakeQueue::Entry first = session_queue_.first();
    if (sessions_[first.number].deadline > first.at) {
      session_queue_.move(first.number, sessions_[first.number].deadline);
      continue;
    }
    ++counters_.sessions_evicted;
    remove_session(first.number, EndReason::evicted, now);
  }
}

void Bindings::end_all(Instant now) {
  end_where(now, [](const Mapping& mapping) { return !mapping.is_static; }, EndReason::flushed);
  // The sessions of forwards end, the forwards do not.
  mappings_.for_each([&](std::uint32_t number, const Mapping&) {
    end_sessions_of(number, EndReason::flushed, now);
  });
}

void Bindings::end_where(Instant now, const std::function<bool(const Mapping&)>& wanted,
                         EndReason reason) {
  mappings_.for_each([&](std::uint32_t number, const Mapping& mapping) {
    if (!wanted(mapping)) return;
    const MappingId id = mappings_.id_of(number);
    end_sessions_of(number, reason, now);
    if (mappings_.holds(id)) remove_mapping(number, reason, now);
  });
}

/// A dynamic mapping ends with the last of them, unless something keeps it.
void Bindings::end_sessions_of(std::uint32_t mapping, EndReason reason, Instant now) {
  for (std::uint32_t left = mappings_[mapping].sessions; left > 0; --left)
    remove_session(mappings_[mapping].first_session, reason, now);
}

}  // namespace stile::nat
