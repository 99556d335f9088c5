#pragma once

#include <optional>
#include <string_view>

#include "stile/ice/candidate.hpp"

namespace stile::ice {

/// Who opens the connection (RFC 6544 §3).
enum class TcpType : std::uint8_t { active, passive, simultaneous_open };

constexpr std::string_view tcp_type_extension = "tcptype";
/// `active`, `passive`, `so` (RFC 6544 §4.5).
std::string_view to_string(TcpType type);
/// Nothing of a candidate for UDP, or one that does not say it.
std::optional<TcpType> tcp_type_of(const Candidate& candidate);

/// The port of active candidates, which have none yet (RFC 6544 §4.5).
inline constexpr std::uint16_t discard_port = 9;

/// RFC 6544 §4.2: the direction, and how the address is preferred (0-8191). Through a NAT what
/// opens it from both sides is worth the most.
constexpr std::uint16_t tcp_local_preference(CandidateType candidate, TcpType type,
                                             std::uint16_t other) {
  const bool reflexive = candidate == CandidateType::server_reflexive;
  switch (type) {
    case TcpType::active:
      return static_cast<std::uint16_t>((reflexive ? 4 : 6) << 13 | other);
    case TcpType::passive:
      return static_cast<std::uint16_t>((reflexive ? 2 : 4) << 13 | other);
    case TcpType::simultaneous_open:
      return static_cast<std::uint16_t>((reflexive ? 6 : 2) << 13 | other);
  }
  return other;
}

/// RFC 6544 §6.2. `incoming`: the remote one has opened a connection to the local one; otherwise
/// nothing could be checked from a passive candidate, and the pair would be removed.
bool may_pair(const Candidate& local, const Candidate& remote, bool incoming);

}  // namespace stile::ice
