#pragma once

#include <cstdint>

#include "stile/ice/candidate.hpp"

namespace stile::ice {

/// RFC 8445 §5.1.2.2: recommended type preferences. RFC 6544 §4.2: those for TCP are decreased, so
/// that all UDP candidates but relayed ones are preferred; relayed ones stay last.
constexpr std::uint32_t type_preference(CandidateType type, Transport transport = Transport::udp) {
  constexpr std::uint32_t decrease = 36;
  if (transport == Transport::tcp && type != CandidateType::relayed)
    return type_preference(type) - decrease;
  switch (type) {
    case CandidateType::host:
      return 126;
    case CandidateType::peer_reflexive:
      return 110;
    case CandidateType::server_reflexive:
      return 100;
    case CandidateType::relayed:
      return 0;
  }
  return 0;
}

/// RFC 8445 §5.1.2.1: 2^24 * type preference + 2^8 * local preference + (256 - component ID).
constexpr std::uint32_t candidate_priority(CandidateType type, std::uint16_t local_preference,
                                           std::uint16_t component,
                                           Transport transport = Transport::udp) {
  return type_preference(type, transport) << 24 | std::uint32_t{local_preference} << 8 |
         (256u - component);
}

/// RFC 8445 §7.1.1: what a check says is that of a peer-reflexive candidate, all else as the local
/// candidate's.
constexpr std::uint32_t priority_in_check(const Candidate& local) {
  return (local.priority & 0x00ffffff) |
         type_preference(CandidateType::peer_reflexive, local.transport) << 24;
}

/// RFC 8445 §6.1.2.3: 2^32 * MIN(G,D) + 2 * MAX(G,D) + (G > D ? 1 : 0); G is the controlling
/// side's.
constexpr std::uint64_t pair_priority(std::uint32_t controlling, std::uint32_t controlled) {
  const std::uint64_t least = controlling < controlled ? controlling : controlled;
  const std::uint64_t most = controlling < controlled ? controlled : controlling;
  return (least << 32) + 2 * most + (controlling > controlled ? 1 : 0);
}

}  // namespace stile::ice
