#include <algorithm>

#include "ice/impl.hpp"
#include "ice/priority.hpp"

namespace stile::ice {

// RFC 8445 §7.3.1.3: a peer-reflexive remote candidate is of use to the local one that it showed
// itself to, only.
void Agent::Impl::pair_local(Instant now, std::size_t local_index) {
  for (std::size_t i = 0; i < remotes.size(); ++i)
    if (remotes[i].type != CandidateType::peer_reflexive) form_pair(now, local_index, i);
}

void Agent::Impl::pair_remote(Instant now, std::size_t remote_index) {
  for (std::size_t i = 0; i < locals.size(); ++i) form_pair(now, i, remote_index);
}

// RFC 8445 §6.1.2.2 and §6.1.2.4: same component, same family, link-local only with link-local.
// Reflexive candidates are not paired: they would be replaced by their base and then be redundant.
CandidatePair* Agent::Impl::form_pair(Instant now, std::size_t local_index,
                                      std::size_t remote_index, bool nominated,
                                      std::optional<std::size_t> connection) {
  const LocalCandidate& ours = locals[local_index];
  const Candidate& theirs = remotes[remote_index];
  const bool is_base =
      ours.candidate.type == CandidateType::host || ours.candidate.type == CandidateType::relayed;
  const ComponentId here = component_of(ours.base);
  if (!is_base || here != ComponentId(theirs.stream, theirs.component)) return nullptr;
  permit_connections(now, ours, theirs);
  if (config.policy == Policy::relay && ours.candidate.type != CandidateType::relayed)
    return nullptr;
  if (ours.candidate.address.family() != theirs.address.family()) return nullptr;
  if (!may_pair(ours.candidate, theirs, connection.has_value())) return nullptr;
  if (ours.candidate.address.family() == Family::ipv6 &&
      ours.candidate.address.ip.is_link_local() != theirs.address.ip.is_link_local())
    return nullptr;
  if (checklists.find(local_index, remote_index)) return nullptr;
  if (sockets[ours.base.socket].status == Socket::Status::closed) return nullptr;

  CandidatePair pair;
  pair.local = local_index;
  pair.remote = remote_index;
  pair.component = here;
  pair.tcp = ours.candidate.transport == Transport::tcp;
  pair.connection = connection ? static_cast<std::uint32_t>(*connection + 1) : 0;
  pair.priority = priority_of(local_index, remote_index);
  pair.foundation = ours.candidate.foundation + ":" + theirs.foundation;
  const auto selected = component(here).selected;
  if (const CandidatePair* winner = selected ? checklists.find(*selected) : nullptr) {
    const bool other_way = (ours.base.relay && !winner->by_own_relay) || wants_backups(here);
    const bool backup = sockets[ours.base.socket].newcomer || (watches_paths() && other_way);
    if (!nominated && !backup && (!winner->relayed || winner->priority >= pair.priority))
      return nullptr;
  }
  pair.by_own_relay = ours.base.relay.has_value();
  pair.relayed = ours.base.relay.has_value() || theirs.type == CandidateType::relayed;
  if (ours.base.relay) {
    relays[*ours.base.relay]->client.permit(now, theirs.address.ip);
    drain_relay(now, *ours.base.relay);
  }
  return checklists.insert(std::move(pair), counters.pairs_over_limit);
}

std::uint64_t Agent::Impl::priority_of(std::size_t local_index, std::size_t remote_index) const {
  const std::uint32_t ours = locals[local_index].candidate.priority;
  const std::uint32_t theirs = remotes[remote_index].priority;
  return role == Role::controlling ? pair_priority(ours, theirs) : pair_priority(theirs, ours);
}

/// After the role or a remote candidate changed.
void Agent::Impl::reprioritise() {
  for (CandidatePair& pair : checklists.pairs()) {
    pair.priority = priority_of(pair.local, pair.remote);
    pair.foundation =
        locals[pair.local].candidate.foundation + ":" + remotes[pair.remote].foundation;
    pair.relayed = locals[pair.local].base.relay.has_value() ||
                   remotes[pair.remote].type == CandidateType::relayed;
  }
  checklists.sort();
}

}  // namespace stile::ice
