#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

using stun::ErrorNumber;

// RFC 8445 §7.3.
void Agent::Impl::take_request(Instant now, const Base& base, const TransportAddress& from,
                               const stun::MessageView& message) {
  // With policy relay nobody is to learn that there is anybody at our own address.
  if (config.policy == Policy::relay && !base.relay && !relayed_connection_on(base.socket)) return;
  const Credentials* ours = credentials_for(message);
  if (!authenticate(base, from, message, ours)) return;
  if (ours != &local)
    return answer(base, from, message, *ours);  // consent to what data goes by during a restart
  if (resolve_role_conflict(base, from, message)) return;
  const auto priority = message.get<stun::PriorityAttribute>();
  if (!priority) return refuse(base, from, message, ErrorNumber::bad_request, true);
  answer(base, from, message, local);

  const auto nomination = message.get<stun::NominationAttribute>();
  const EarlyCheck check{base, from, priority->value,
                         message.has(stun::AttributeType::use_candidate) || nomination,
                         nomination ? nomination->value : 0};
  if (remote) return trigger_check(now, check);
  if (early_checks.size() < config.max_early_checks) early_checks.push_back(check);
}

/// Ours that the user name "ours:theirs" (RFC 8445 §7.2.2) begins with, or nullptr.
const Credentials* Agent::Impl::credentials_for(const stun::MessageView& request) const {
  const auto username = request.get<stun::Username>();
  const auto named = [&](const Credentials& ours) {
    return username && username->text.starts_with(ours.ufrag + ":");
  };
  if (named(local)) return &local;
  for (const Component& each : components)
    if (each.former && named(each.former->ours)) return &each.former->ours;
  return nullptr;
}

// RFC 8489 §9.1.3.
bool Agent::Impl::authenticate(const Base& base, const TransportAddress& from,
                               const stun::MessageView& message, const Credentials* ours) {
  if (!message.has(stun::AttributeType::username) ||
      !message.has(stun::AttributeType::message_integrity)) {
    ++counters.unauthenticated;
    refuse(base, from, message, ErrorNumber::bad_request, false);
    return false;
  }
  if (!ours || !stun::verify_message_integrity(message, stun::short_term_key(ours->pwd))) {
    ++counters.unauthenticated;
    refuse(base, from, message, ErrorNumber::unauthenticated, false);
    return false;
  }
  return true;
}

// RFC 8445 §7.3.1.1: the larger tie-breaker controls. True if the request was answered with 487.
bool Agent::Impl::resolve_role_conflict(const Base& base, const TransportAddress& from,
                                        const stun::MessageView& message) {
  const auto controlling = message.get<stun::IceControlling>();
  const auto controlled = message.get<stun::IceControlled>();
  if (role == Role::controlling && controlling) {
    ++counters.role_conflicts;
    if (tie_breaker >= controlling->value) {
      refuse(base, from, message, ErrorNumber::role_conflict, true);
      return true;
    }
    switch_role();
  } else if (role == Role::controlled && controlled) {
    ++counters.role_conflicts;
    // §6.1.1: a lite agent controls another lite one only, which sends no checks.
    if (config.lite || tie_breaker < controlled->value) {
      refuse(base, from, message, ErrorNumber::role_conflict, true);
      return true;
    }
    switch_role();
  }
  return false;
}

void Agent::Impl::answer(const Base& base, const TransportAddress& to,
                         const stun::MessageView& request, const Credentials& ours) {
  std::array<std::uint8_t, 128> buffer;
  stun::MessageBuilder builder(buffer, stun::Class::success_response, stun::Method::binding,
                               request.transaction_id());
  builder.add(stun::XorMappedAddress{to})
      .add_message_integrity(stun::short_term_key(ours.pwd))
      .add_fingerprint();
  send(base, to, builder.finish());
}

void Agent::Impl::refuse(const Base& base, const TransportAddress& to,
                         const stun::MessageView& request, ErrorNumber error, bool with_integrity) {
  std::array<std::uint8_t, 128> buffer;
  stun::MessageBuilder builder(buffer, stun::Class::error_response, stun::Method::binding,
                               request.transaction_id());
  builder.add(stun::ErrorCode{static_cast<std::uint16_t>(error), {}});
  if (with_integrity) builder.add_message_integrity(stun::short_term_key(local.pwd));
  builder.add_fingerprint();
  send(base, to, builder.finish());
}

// RFC 8445 §7.3.1.3: an address that no remote candidate has is a peer-reflexive one, with the
// priority of the check.
std::size_t Agent::Impl::learn_remote(Instant, const EarlyCheck& check) {
  if (const auto known =
          find_remote(component_of(check.base), check.from, transport_of(check.base)))
    return *known;
  Candidate candidate;
  candidate.foundation = "p" + std::to_string(remotes.size() + 1);
  candidate.component = component_of(check.base).component;
  candidate.stream = component_of(check.base).stream;
  candidate.priority = std::clamp<std::uint32_t>(check.priority, 1, 0x7fffffff);
  candidate.address = check.from;
  candidate.type = CandidateType::peer_reflexive;
  candidate.transport = transport_of(check.base);
  if (const auto ours = sockets[check.base.socket].tcp_type; ours && !check.base.relay)
    candidate.extensions.emplace_back(
        tcp_type_extension, to_string(ours == TcpType::passive ? TcpType::active : *ours));
  remotes.push_back(std::move(candidate));
  return remotes.size() - 1;
}

// Counted for each local candidate: what checks show at one must not keep another, such as the
// relayed one, from being of use.
bool Agent::Impl::may_learn_at(std::size_t local_index) const {
  const auto learnt = std::ranges::count_if(checklists.pairs(), [&](const CandidatePair& pair) {
    return pair.local == local_index && remotes[pair.remote].type == CandidateType::peer_reflexive;
  });
  return std::cmp_less(learnt, config.max_peer_reflexive) &&
         remotes.size() < config.max_remote_candidates;
}

// RFC 8445 §7.3.1.4 and §7.3.1.5.
void Agent::Impl::trigger_check(Instant now, const EarlyCheck& early) {
  if (config.lite) return take_nomination_as_lite(now, early);
  if (!early.base.relay && sockets[early.base.socket].sprays)
    adopt_sprayed_socket(early.base.socket);
  const auto local_index = base_candidate(early.base);
  const bool known =
      find_remote(component_of(early.base), early.from, transport_of(early.base)).has_value();
  const bool nominated = early.use_candidate && role == Role::controlled;
  const bool done = is_done(component(component_of(early.base)));
  if (!local_index || (!known && !nominated && done && !watches_paths())) return;
  if (!known && !may_learn_at(*local_index)) {
    ++counters.candidates_over_limit;
    return;
  }
  const std::size_t remote_index = learn_remote(now, early);
  CandidatePair* pair = checklists.find(*local_index, remote_index);
  const bool connected = sockets[early.base.socket].kind == Socket::Kind::tcp_connection;
  const auto connection = connected ? std::optional(early.base.socket) : std::nullopt;
  if (!pair) pair = form_pair(now, *local_index, remote_index, nominated, connection);
  if (!pair) return;
  if (connection && !pair->connection)
    pair->connection = static_cast<std::uint32_t>(*connection + 1);

  pair->last_heard = now;
  ++pair->checks_received;
  heard_on(now, *pair);
  suspect(now, *pair);
  if (nominated) pair->nomination = std::max(pair->nomination, early.nomination);
  if (pair->state == PairState::succeeded) {
    if (nominated) select(now, *pair);
    return;
  }
  if (nominated) pair->to_be_nominated = true;
  const Component& owner = component(pair->component);
  const bool untried = pair->state == PairState::frozen || pair->state == PairState::waiting;
  const bool backup = watches_paths() && (untried || owner.doubted_since);
  if (!nominated && !backup && (is_done(owner) || !outranks(*pair, owner.selected))) return;
  pair->state = PairState::waiting;
  checklists.trigger(*pair);
}

}  // namespace stile::ice
