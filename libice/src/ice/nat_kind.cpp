#include "ice/nat_kind.hpp"

#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {

/// Ports that are no further apart than this are not there by chance.
constexpr int nearness = 32;

NatKind kind_of(const std::vector<SeenAs>& seen) {
  const auto differs = [&](const SeenAs& each) { return each.mapped != seen.front().mapped; };
  if (std::ranges::none_of(seen, differs)) return NatKind::independent;
  const int last = seen.back().mapped.port;
  const int one_before = seen[seen.size() - 2].mapped.port;
  const bool near = last != one_before && std::abs(last - one_before) <= nearness;
  return near ? NatKind::sequential : NatKind::dependent;
}

}  // namespace

std::string_view to_string(NatKind kind) {
  switch (kind) {
    case NatKind::independent:
      return "independent";
    case NatKind::dependent:
      return "dependent";
    case NatKind::sequential:
      return "sequential";
  }
  return "";
}

std::optional<NatKind> nat_of(const Candidate& candidate) {
  for (const auto& [name, value] : candidate.extensions)
    for (const auto kind : {NatKind::independent, NatKind::dependent, NatKind::sequential})
      if (name == nat_extension && value == to_string(kind)) return kind;
  return std::nullopt;
}

/// As RFC 5780 §4.3 finds it: servers at two addresses say what they see of one socket. The peer is
/// told by the candidate's line, once more if it was told already.
void Agent::Impl::measure_nat(std::size_t index, const TransportAddress& server,
                              const TransportAddress& mapped) {
  Socket& socket = sockets[index];
  if (!config.hard_nats || socket.transport != Transport::udp) return;
  if (std::ranges::find(socket.seen_as, server, &SeenAs::by) != socket.seen_as.end()) return;
  socket.seen_as.push_back({server, mapped});
  if (socket.seen_as.size() < 2) return;
  socket.nat = kind_of(socket.seen_as);
  plan_spraying();
  const auto is_told = [&](const LocalCandidate& each) {
    return each.candidate.type == CandidateType::server_reflexive && each.announced &&
           each.base == Base{index, {}};
  };
  auto told = std::find_if(locals.rbegin(), locals.rend(), [&](const LocalCandidate& each) {
    return is_told(each) && each.candidate.address == mapped;
  });
  // A check may have shown the address before the server did: then it is not told.
  if (told == locals.rend()) told = std::find_if(locals.rbegin(), locals.rend(), is_told);
  if (told == locals.rend() || gathering_done) return;
  auto& extensions = told->candidate.extensions;
  std::erase_if(extensions, [](const auto& each) { return each.first == nat_extension; });
  extensions.emplace_back(nat_extension, to_string(*socket.nat));
  events.push_back(LocalCandidateFound{told->candidate});
}

}  // namespace stile::ice
