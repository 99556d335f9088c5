#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

namespace {

using namespace std::chrono_literals;
using namespace tcp_flag;

// Shorter than any timer that is known, and longer than most of them in all.
constexpr Duration interval = 20s;
constexpr int times = 40;

struct Mapped {
  TransportAddress inside;
  TransportAddress outside;
  TransportAddress external;
  std::uint32_t sequence = 0;  ///< of TCP's SYN
};

/// Two mappings that are made at once, so that what is done to the first is all that tells them
/// apart.
struct Pair {
  Mapped first;
  Mapped second;
};

std::optional<Mapped> map_udp(Probe& probe) {
  Mapped mapped{probe.inside_endpoint(), probe.outside_endpoint(0), {}};
  const auto external = probe.seen(mapped.inside, mapped.outside);
  if (!external) return std::nullopt;
  mapped.external = *external;
  return mapped;
}

std::optional<Mapped> map_tcp(Probe& probe) {
  Mapped mapped{probe.inside_endpoint(), probe.outside_endpoint(0), {}, probe.number()};
  const auto out = probe.tcp(Side::inside, mapped.inside, mapped.outside, syn,
                             {.sequence = mapped.sequence}, Side::outside);
  if (!out) return std::nullopt;
  mapped.external = out->source;
  return mapped;
}

std::optional<Pair> two(Probe& probe, std::optional<Mapped> (*map)(Probe&)) {
  const auto first = map(probe);
  const auto second = map(probe);
  return first && second ? std::optional(Pair{*first, *second}) : std::nullopt;
}

using Arrived = std::optional<Arrival>;

Arrived datagram_in(Probe& probe, const TransportAddress& from, const Mapped& mapped) {
  return probe.udp(Side::outside, from, mapped.external, Side::inside);
}
Arrived datagram_of_peer(Probe& probe, const Mapped& mapped) {
  return datagram_in(probe, mapped.outside, mapped);
}
Arrived syn_in(Probe& probe, const TransportAddress& from, const Mapped& mapped) {
  return probe.tcp(Side::outside, from, mapped.external, syn, {.sequence = probe.number()},
                   Side::inside);
}
Arrived syn_ack_of_peer(Probe& probe, const Mapped& mapped) {
  return probe.tcp(Side::outside, mapped.outside, mapped.external, syn | ack,
                   {.sequence = probe.number(), .acknowledgment = mapped.sequence + 1},
                   Side::inside);
}

Finding ends_in_its_time() {
  return judge(true, "the mapping ends all the same");
}

Finding refuses_nothing() {
  return {Verdict::noted, "the filter refuses nothing"};
}

using ComeIn = Arrived (*)(Probe&, const Mapped&);

/// The second of the pair has been left alone.
Finding judge_refused(Probe& probe, const Pair& mapped, ComeIn come_in) {
  if (!come_in(probe, mapped.first)) return ends_in_its_time();
  if (come_in(probe, mapped.second)) return untested("a mapping that is left alone lives as long");
  return judge(false, "what is refused keeps the mapping");
}

Finding refused_datagrams(Probe& probe) {
  const auto mapped = two(probe, map_udp);
  if (!mapped) return no_way_out();
  const TransportAddress stranger = probe.outside_endpoint(1);
  if (datagram_in(probe, stranger, mapped->first)) return refuses_nothing();
  for (int i = 0; i < times; ++i) {
    probe.wait(interval);
    probe.bed().send(Side::outside, make_udp(stranger, mapped->first.external, ByteVector(16)));
  }
  return judge_refused(probe, *mapped, datagram_of_peer);
}

Finding refused_segments(Probe& probe) {
  const auto mapped = two(probe, map_tcp);
  if (!mapped) return no_way_out();
  const TransportAddress stranger = probe.outside_endpoint(1);
  if (syn_in(probe, stranger, mapped->first)) return refuses_nothing();
  for (int i = 0; i < times; ++i) {
    probe.wait(interval);
    probe.bed().send(Side::outside, make_tcp(stranger, mapped->first.external, syn, {},
                                             {.sequence = probe.number()}));
  }
  return judge_refused(probe, *mapped, syn_ack_of_peer);
}

/// The same comes in to both of the pair, and only the first one's host answers.
Finding answer_refreshes(Probe& probe, const Pair& mapped, ComeIn come_in,
                         ByteVector (*answer_to)(const Arrival&)) {
  for (int i = 0; i < times; ++i) {
    const auto in = come_in(probe, mapped.first);
    if (!in) return i == 0 ? untested("what calls for it does not come in") : ends_in_its_time();
    probe.bed().send(Side::inside, answer_to(*in));
    come_in(probe, mapped.second);
    probe.wait(interval);
  }
  if (!come_in(probe, mapped.first)) return ends_in_its_time();
  if (come_in(probe, mapped.second))
    return untested("a mapping whose host does not answer lives as long");
  return judge(false, "the host's answers keep the mapping");
}

ByteVector port_unreachable(const Arrival& in) {
  return make_icmp_error(in.destination.ip, in.source.ip, icmp_type::destination_unreachable,
                         unreachable_code::port, 0, in.packet);
}

Finding outbound_errors(Probe& probe) {
  const auto mapped = two(probe, map_udp);
  return mapped ? answer_refreshes(probe, *mapped, datagram_of_peer, port_unreachable)
                : no_way_out();
}

/// The peer's own segments may keep the connection, so another port of its host sends; address
/// dependent filters let it in.
Arrived syn_from_beside_peer(Probe& probe, const Mapped& mapped) {
  return syn_in(probe, probe.outside_endpoint(0), mapped);
}

ByteVector reset(const Arrival& in) {
  const auto segment = TcpView::parse(in.transport());
  return make_tcp(in.destination, in.source, rst | ack, {},
                  {.acknowledgment = segment->sequence() + 1});
}

Finding outbound_resets(Probe& probe) {
  const auto mapped = two(probe, map_tcp);
  return mapped ? answer_refreshes(probe, *mapped, syn_from_beside_peer, reset) : no_way_out();
}

constexpr Requirement requirements[] = {
    {7857, "7", Level::should, Pace::hours, "Datagrams that are refused do not keep a mapping",
     refused_datagrams},
    {7857, "7 (TCP)", Level::should, Pace::hours, "SYNs that are refused do not, either",
     refused_segments},
    {7857, "7.1", Level::should, Pace::hours, "ICMP errors in answer do not keep a mapping",
     outbound_errors},
    {7857, "7.1 (TCP)", Level::should, Pace::hours, "RSTs in answer do not, either",
     outbound_resets},
};

}  // namespace

std::span<const Requirement> refresh_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
