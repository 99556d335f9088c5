#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

namespace {

/// TCP and UDP may have one external port by chance, but not each time.
Finding mappings(Probe& probe) {
  if (!probe.has_two_inside()) return needs_two_inside();
  for (int attempt = 0; attempt < 3; ++attempt) {
    const std::uint16_t port = probe.fresh_port();
    const TransportAddress outside = probe.outside_endpoint();
    const auto tcp = probe.seen_syn({probe.inside(0), port}, outside);
    const auto udp_of_another = probe.seen({probe.inside(1), port}, outside);
    const auto udp = probe.seen({probe.inside(0), port}, outside);
    if (!tcp || !udp_of_another || !udp) return no_way_out();
    if (*tcp == *udp_of_another)
      return judge(true, "a port is one host's for TCP, another one's for UDP");
    if (*tcp != *udp) return judge(true, "TCP and UDP of one port have two external ones");
    if (tcp->ip != udp_of_another->ip)
      return untested("each host has an external address to itself");
  }
  return judge(false, "TCP and UDP of one port share an external one");
}

/// From the endpoint that was written to, which every filter lets in.
Finding filters(Probe& probe) {
  const TransportAddress outside = probe.outside_endpoint();
  const auto tcp = probe.seen_syn(probe.inside_endpoint(), outside);
  const auto udp = probe.seen(probe.inside_endpoint(), outside);
  if (!tcp || !udp) return no_way_out();
  if (probe.udp(Side::outside, outside, *tcp, Side::inside))
    return judge(false, "a datagram comes in by a mapping of TCP");
  if (probe.tcp(Side::outside, outside, *udp, tcp_flag::syn, {.sequence = probe.number()},
                Side::inside))
    return judge(false, "a SYN comes in by a mapping of UDP");
  return judge(true, "TCP's mappings let no datagram in, UDP's no SYN");
}

constexpr Requirement requirements[] = {
    {7857, "5", Level::should, Pace::seconds, "TCP and UDP are mapped each for itself", mappings},
    {7857, "6", Level::should, Pace::seconds, "TCP and UDP are filtered each for itself", filters},
};

}  // namespace

std::span<const Requirement> protocol_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
