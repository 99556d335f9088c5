#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat::portmap {

/// Of the servers by which inside hosts ask for mappings.
struct Config {
  bool pcp = true;      ///< RFC 6887; RFC 6888 REQ-9 wants it of a carrier's NAT
  bool nat_pmp = true;  ///< RFC 6886
  /// RFC 6887 §13.1: who may ask for others.
  std::vector<IpPrefix> third_party_clients;
  Duration min_lifetime = std::chrono::seconds(120);  ///< RFC 6887 §15, of a PCP mapping
  Duration max_lifetime = std::chrono::hours(24);     ///< RFC 6887 §15
  std::uint32_t requests_per_second = 50;             ///< of one host; more are not answered
  std::uint32_t request_burst = 500;
};

/// One clear line, or nothing.
inline std::optional<std::string> problem_with(const Config& config) {
  if (config.min_lifetime <= Duration::zero() || config.min_lifetime > config.max_lifetime)
    return "the shortest lifetime of a mapping is 0, or above the longest";
  if (config.max_lifetime > std::chrono::hours(24 * 365))
    return "the longest lifetime of a mapping is above a year";
  if (config.requests_per_second == 0 || config.request_burst == 0)
    return "no request would be answered";
  return std::nullopt;
}

}  // namespace stile::nat::portmap
