#include "nat/core/forward.hpp"

#include <algorithm>

#include "nat/core/config.hpp"

namespace stile::nat {

namespace {

std::string rows(std::uint16_t first, std::uint16_t count) {
  if (count == 1) return std::to_string(first);
  return std::to_string(first) + "-" + std::to_string(first + count - 1);
}

bool is_host(const IpAddress& address) {
  if (!address.is_v4()) return false;
  const std::uint32_t network = address.v4_bits() >> 24;
  return network != 0 && network != 127 && network < 224;
}

bool overlap(std::uint16_t a, std::uint16_t a_count, std::uint16_t b, std::uint16_t b_count) {
  return a < b + b_count && b < a + a_count;
}

bool is_external(const Config& config, const IpAddress& address) {
  return std::ranges::find(config.external, address) != config.external.end();
}

const IpAddress& external_of(const Config& config, const Forward& forward) {
  return forward.external ? *forward.external : config.external.front();
}

std::optional<std::string> problem_with_host(const Config& config, const IpAddress& inside) {
  if (!is_host(inside)) return inside.to_string() + " is not an IPv4 unicast address";
  if (inside == config.inside_address) return inside.to_string() + " is the NAT itself";
  if (is_external(config, inside)) return inside.to_string() + " is an external address";
  return std::nullopt;
}

std::optional<std::string> problem_with_one(const Config& config, const Forward& forward) {
  if (forward.external && !is_external(config, *forward.external))
    return forward.external->to_string() + " is not among the external addresses";
  if (forward.external_port == 0 || forward.inside.port == 0 || forward.count == 0)
    return "a port is 0";
  if (forward.external_port + forward.count > 65536 || forward.inside.port + forward.count > 65536)
    return "the ports go beyond 65535";
  for (const StaticAddress& address : config.static_addresses)
    if (address.inside == forward.inside.ip)
      return forward.inside.ip.to_string() + " has the external address " +
             address.external.to_string() + " to itself";
  return problem_with_host(config, forward.inside.ip);
}

std::optional<std::string> problem_between(const Config& config, const Forward& a,
                                           const Forward& b) {
  if (a.protocol != b.protocol) return std::nullopt;
  if (external_of(config, a) == external_of(config, b) &&
      overlap(a.external_port, a.count, b.external_port, b.count))
    return "the external port is that of " + to_string(b) + ", too";
  if (a.inside.ip == b.inside.ip && overlap(a.inside.port, a.count, b.inside.port, b.count))
    return "the inside port is that of " + to_string(b) +
           ", too, so what it sends would have two external ports";
  return std::nullopt;
}

std::optional<std::string> problem_with_forwards(const Config& config) {
  for (auto forward = config.forwards.begin(); forward != config.forwards.end(); ++forward) {
    auto problem = problem_with_one(config, *forward);
    for (auto before = config.forwards.begin(); !problem && before != forward; ++before)
      problem = problem_between(config, *forward, *before);
    if (problem) return "forward " + to_string(*forward) + ": " + *problem;
  }
  return std::nullopt;
}

std::optional<std::string> problem_with_one(const Config& config, const StaticAddress& address) {
  if (!is_host(address.external))
    return address.external.to_string() + " is not an IPv4 unicast address";
  if (is_external(config, address.external))
    return address.external.to_string() + " is shared by the other inside hosts";
  if (address.external == config.inside_address)
    return address.external.to_string() + " is the NAT's inside address";
  return problem_with_host(config, address.inside);
}

std::optional<std::string> problem_between(const StaticAddress& a, const StaticAddress& b) {
  if (a.inside == b.inside || a.external == b.external) return "contradicts static " + to_string(b);
  if (a.inside == b.external || a.external == b.inside)
    return "one address is inside and external, see static " + to_string(b);
  return std::nullopt;
}

std::optional<std::string> problem_with_addresses(const Config& config) {
  const auto& all = config.static_addresses;
  for (auto address = all.begin(); address != all.end(); ++address) {
    auto problem = problem_with_one(config, *address);
    for (auto before = all.begin(); !problem && before != address; ++before)
      problem = problem_between(*address, *before);
    if (problem) return "static " + to_string(*address) + ": " + *problem;
  }
  return std::nullopt;
}

}  // namespace

std::string to_string(const Forward& forward) {
  const std::string external = forward.external ? forward.external->to_string() + ":" : "";
  return std::string(name_of(forward.protocol)) + ":" + external +
         rows(forward.external_port, forward.count) + "=" + forward.inside.to_string();
}

std::string to_string(const StaticAddress& address) {
  return address.inside.to_string() + "=" + address.external.to_string();
}

std::optional<std::string> problem_with_static(const Config& config) {
  if (auto problem = problem_with_addresses(config)) return problem;
  return problem_with_forwards(config);
}

}  // namespace stile::nat
