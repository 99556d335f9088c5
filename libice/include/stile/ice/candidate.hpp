#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stile/base/address.hpp"

namespace stile::ice {

struct NamedCandidate;

/// RFC 8445 §4.
enum class CandidateType : std::uint8_t { host, server_reflexive, peer_reflexive, relayed };

/// `host`, `srflx`, `prflx`, `relay`: the cand-type of RFC 8839 §5.1.
std::string_view to_string(CandidateType type);

/// A transport address that a peer may be reached at (RFC 8445 §5.1), as signalled (RFC 8839 §5.1).
struct Candidate {
  std::string foundation;       ///< 1-32 ice-chars
  std::uint16_t component = 1;  ///< 1-256
  std::uint16_t stream = 1;     ///< the data stream that it is for; its line does not say it
  Transport transport = Transport::udp;
  std::uint32_t priority = 0;  ///< 1 to 2^31 - 1
  TransportAddress address;
  std::string name;  ///< is told in place of the address, if there is one
  CandidateType type = CandidateType::host;
  std::optional<TransportAddress> related;                      ///< raddr and rport
  std::vector<std::pair<std::string, std::string>> extensions;  ///< kept as they came

  /// `candidate:1 1 UDP 2130706431 203.0.113.141 8998 typ host`, with or without `a=` in front. The
  /// error says what is wrong with the line. Host names are an error.
  static std::expected<Candidate, std::string> parse(std::string_view line);
  /// The same, but in place of the address there may be a name, as browsers have them that hide
  /// their addresses (mDNS).
  static std::expected<NamedCandidate, std::string> parse_named(std::string_view line);
  /// Without `a=`.
  std::string to_string() const;

  friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// A candidate whose address has to be found by its name first, if there is one.
struct NamedCandidate {
  Candidate candidate;
  std::string name;
};

}  // namespace stile::ice
