#include <algorithm>
#include <map>

#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

namespace {

/// Ports that one host got, one after the other.
using Ports = std::vector<std::uint16_t>;

/// How many of the steps from one port to the next could be foreseen: short ones, or those that are
/// all alike.
struct Order {
  std::size_t steps = 0;
  std::size_t foreseen = 0;
};

Order order_of(const std::vector<Ports>& ports_of_hosts) {
  // Others may take ports in between.
  constexpr std::uint16_t short_step = 16;
  std::map<std::uint16_t, std::size_t> counts;
  std::size_t steps = 0;
  std::size_t short_ones = 0;
  for (const Ports& ports : ports_of_hosts)
    for (std::size_t i = 1; i < ports.size(); ++i) {
      const auto step = static_cast<std::uint16_t>(ports[i] - ports[i - 1]);
      ++steps;
      ++counts[step];
      short_ones += step <= short_step;
    }
  std::size_t alike = 0;
  for (const auto& [step, count] : counts) alike = std::max(alike, count);
  return {steps, std::max(short_ones, alike)};
}

/// A second host with the same ports towards the same destination has a NAT that preserves ports
/// choose others.
Finding randomness(Probe& probe) {
  constexpr int sockets = 32;
  constexpr std::size_t enough = 16;
  const TransportAddress outside = probe.outside_endpoint();
  std::vector<Ports> chosen(probe.bed().hosts().inside.size());
  for (int i = 0; i < sockets; ++i) {
    const std::uint16_t port = probe.fresh_port();
    for (std::size_t host = 0; host < chosen.size(); ++host) {
      const auto seen = probe.seen({probe.inside(host), port}, outside);
      if (!seen) return no_way_out();
      if (seen->port != port) chosen[host].push_back(seen->port);
    }
  }
  const Order order = order_of(chosen);
  if (order.steps < enough)
    return untested(probe.has_two_inside() ? "the NAT chooses too few ports itself"
                                           : "ports are preserved; " + needs_two_inside().seen);
  const std::string steps = std::to_string(order.steps);
  if (2 * order.foreseen > order.steps)
    return judge(false, std::to_string(order.foreseen) + " of " + steps +
                            " ports follow from the one before");
  return judge(true, "no order in the ports that the NAT chooses, in " + steps + " steps");
}

constexpr Requirement requirements[] = {
    {7857, "9", Level::should, Pace::seconds, "Ports that are not preserved are random",
     randomness},
};

}  // namespace

std::span<const Requirement> port_order_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
