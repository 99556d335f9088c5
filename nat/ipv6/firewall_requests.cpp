#include <algorithm>

#include "nat/ipv6/firewall.hpp"

namespace stile::nat {

std::optional<ExplicitRefusal> Firewall::open_pinhole(Instant now, const Pinhole& pinhole,
                                                      const ExplicitTerms& terms) {
  handle_timeout(now);
  if (terms.filters.size() > config_.max_filters) return ExplicitRefusal::too_many_filters;
  const PinholeKey key{pinhole.inside, pinhole.protocol};
  if (!requested_.contains(key)) {
    if (requested_.size() >= config_.max_requested_pinholes) return ExplicitRefusal::resources;
    const auto of_host = requested_.lower_bound({{pinhole.inside.ip, 0}, Protocol{}});
    const auto others = std::find_if(of_host, requested_.end(), [&](const auto& each) {
      return each.first.first.ip != pinhole.inside.ip;
    });
    if (std::cmp_greater_equal(std::distance(of_host, others), config_.requested_pinholes_per_host))
      return ExplicitRefusal::quota;
  }
  requested_[key] = terms;
  next_pinhole_end_ = std::min(next_pinhole_end_, terms.until);
  return std::nullopt;
}

void Firewall::close_pinhole(Instant now, const Pinhole& pinhole) {
  handle_timeout(now);
  requested_.erase({pinhole.inside, pinhole.protocol});
}

const ExplicitTerms* Firewall::terms_of(const Pinhole& pinhole) const {
  const auto found = requested_.find({pinhole.inside, pinhole.protocol});
  return found == requested_.end() ? nullptr : &found->second;
}

bool Firewall::is_fixed(const Pinhole& pinhole) const {
  return std::ranges::any_of(config_.pinholes, [&](const Pinhole& other) {
    return other.protocol == pinhole.protocol && other.inside == pinhole.inside;
  });
}

/// Of strangers, those whom the filters of the one who asked let in.
bool Firewall::is_asked_for(const Flow& flow) const {
  const ExplicitTerms* terms = terms_of({static_cast<Protocol>(flow.protocol), flow.inside});
  if (!terms) return false;
  return terms->filters.empty() || std::ranges::any_of(terms->filters, [&](const auto& filter) {
           return filter.admits(flow.remote);
         });
}

void Firewall::end_pinholes() {
  if (now_ < next_pinhole_end_) return;
  std::erase_if(requested_, [this](const auto& each) { return each.second.until <= now_; });
  next_pinhole_end_ = never;
  for (const auto& [key, terms] : requested_)
    next_pinhole_end_ = std::min(next_pinhole_end_, terms.until);
}

std::optional<ExplicitRefusal> Firewall::keep_session(Instant now, const Pinhole& inside,
                                                      const TransportAddress& remote, Instant until,
                                                      const MappingNonce& nonce) {
  handle_timeout(now);
  const Flow flow{static_cast<std::uint8_t>(inside.protocol), inside.inside, remote, {}};
  const auto known = by_flow_.find(flow);
  Session* session = known == by_flow_.end() ? open(flow) : sessions_.find(known->second);
  if (!session) return ExplicitRefusal::resources;
  session->kept_until = until;
  session->nonce = nonce;
  set_deadline(*session, session->deadline);
  return std::nullopt;
}

std::optional<Firewall::KeptSession> Firewall::session_of(const Pinhole& inside,
                                                          const TransportAddress& remote) const {
  const auto known =
      by_flow_.find({static_cast<std::uint8_t>(inside.protocol), inside.inside, remote, {}});
  if (known == by_flow_.end()) return std::nullopt;
  const Session& session = *sessions_.find(known->second);
  return KeptSession{session.deadline, session.nonce};
}

void Firewall::for_each_pinhole(
    const std::function<void(const Pinhole&, const ExplicitTerms&)>& visit) const {
  for (const auto& [key, terms] : requested_) visit({key.second, key.first}, terms);
}

}  // namespace stile::nat
