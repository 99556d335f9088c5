#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

namespace {

using namespace std::chrono_literals;
using namespace tcp_flag;

Finding mapping(Probe& probe) {
  const TransportAddress from = probe.inside_endpoint();
  const TransportAddress first = probe.outside_endpoint(0);
  const auto at_first = probe.seen_syn(from, first);
  const auto at_other_port = probe.seen_syn(from, probe.outside_endpoint(0));
  const auto at_other_host = probe.seen_syn(from, {probe.outside(1), first.port});
  if (!at_first || !at_other_port || !at_other_host) return no_way_out();
  const bool same_port = at_first == at_other_port;
  const bool same = same_port && at_first == at_other_host;
  return judge(same, std::string(name_of(same        ? Behavior::endpoint_independent
                                         : same_port ? Behavior::address_dependent
                                                     : Behavior::address_and_port_dependent)));
}

Finding connections(Probe& probe) {
  auto connection = probe.connect(probe.inside_endpoint(), probe.outside_endpoint());
  if (!connection) return judge(false, "a connection cannot be opened");
  const bool carries = probe.carries_data(*connection);
  return judge(carries, carries ? "a connection opens and carries data" : "data is lost");
}

/// RFC 5382 §4.2: both ends send a SYN.
Finding simultaneous_open(Probe& probe) {
  const TransportAddress inside = probe.inside_endpoint();
  const TransportAddress outside = probe.outside_endpoint();
  const std::uint32_t ours = probe.number();
  const std::uint32_t theirs = probe.number();
  const auto out = probe.tcp(Side::inside, inside, outside, syn, {.sequence = ours}, Side::outside);
  if (!out) return no_way_out();
  const TransportAddress external = out->source;
  if (!probe.tcp(Side::outside, outside, external, syn, {.sequence = theirs}, Side::inside))
    return judge(false, "the peer's SYN does not come in");
  if (!probe.tcp(Side::inside, inside, outside, syn | ack,
                 {.sequence = ours, .acknowledgment = theirs + 1}, Side::outside))
    return judge(false, "the SYN-ACK to the peer's SYN does not go out");
  if (!probe.tcp(Side::outside, outside, external, syn | ack,
                 {.sequence = theirs, .acknowledgment = ours + 1}, Side::inside))
    return judge(false, "the peer's SYN-ACK does not come in");
  Connection connection{inside, outside, external, ours + 1, theirs + 1};
  const bool carries = probe.carries_data(connection);
  return judge(carries, carries ? "both SYNs pass, and the connection carries data"
                                : "the connection carries no data");
}

bool syn_comes_in(Probe& probe, const TransportAddress& from, const TransportAddress& external) {
  return probe.tcp(Side::outside, from, external, syn, {.sequence = probe.number()}, Side::inside)
      .has_value();
}

Finding filtering(Probe& probe) {
  const auto connection = probe.connect(probe.inside_endpoint(), probe.outside_endpoint(0));
  if (!connection) return no_way_out();
  const TransportAddress& external = connection->external;
  if (syn_comes_in(probe, probe.outside_endpoint(1), external))
    return judge(true, std::string(name_of(Behavior::endpoint_independent)));
  if (syn_comes_in(probe, probe.outside_endpoint(0), external))
    return judge(true, std::string(name_of(Behavior::address_dependent)));
  return judge(false, std::string(name_of(Behavior::address_and_port_dependent)));
}

/// An ICMP error that quotes what `sender` has sent.
bool is_about(const Arrival& error, const TransportAddress& sender) {
  const auto quoted = Ipv4View::parse_quoted(error.icmp().quoted_datagram());
  return error.icmp().is_error() && quoted && quoted->payload().size() >= 2 &&
         load_u16(quoted->payload().data()) == sender.port;
}

std::optional<SynAnswer> look_for_answer(Probe& probe, const TransportAddress& external) {
  const TransportAddress stranger = probe.outside_endpoint(1);
  const Instant sent = probe.bed().now();
  probe.bed().send(Side::outside, make_tcp(stranger, external, syn, {}, {.sequence = 1}));
  const auto answer = probe.expect(Side::outside, 8s, [&](const Arrival& arrival) {
    const bool is_reset = arrival.ipv4().protocol() == ip_protocol::tcp &&
                          arrival.destination == stranger && arrival.source == external;
    if (is_reset || arrival.ipv4().protocol() != ip_protocol::icmp) return is_reset;
    return is_about(arrival, stranger);
  });
  if (!answer) return std::nullopt;
  return SynAnswer{probe.bed().now() - sent, answer->ipv4().protocol() == ip_protocol::tcp};
}

std::string words_for(const SynAnswer& answer) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(answer.after).count();
  return std::string(answer.is_reset ? "a RST" : "an ICMP error") + " after " + std::to_string(ms) +
         " ms";
}

/// The port of no mapping: that of one is tried first, lest the NAT's own services answer.
std::optional<TransportAddress> closed_endpoint(Probe& probe) {
  const auto known = probe.seen_syn(probe.inside_endpoint(), probe.outside_endpoint(0));
  if (!known) return std::nullopt;
  if (!syn_comes_in(probe, probe.outside_endpoint(1), *known)) return known;
  return TransportAddress{known->ip, static_cast<std::uint16_t>(probe.fresh_port() + 1)};
}

/// A clock that is read twice is read a little late.
constexpr Duration hold = 5900ms;

Finding no_early_answer(Probe& probe) {
  const auto closed = closed_endpoint(probe);
  if (!closed) return no_way_out();
  const auto& answer = probe.answer_to_syn([&] { return look_for_answer(probe, *closed); });
  const bool is_early = answer && answer->after < hold;
  return judge(!is_early, is_early ? words_for(*answer) : "nothing for six seconds");
}

Finding late_answer(Probe& probe) {
  const auto closed = closed_endpoint(probe);
  if (!closed) return no_way_out();
  const auto& answer = probe.answer_to_syn([&] { return look_for_answer(probe, *closed); });
  const bool is_right = answer && !answer->is_reset && answer->after >= hold;
  return judge(is_right, answer ? words_for(*answer) : "nothing for eight seconds");
}

/// RFC 5382 §4.3: the SYN that came first is forgotten, and the connection opens.
Finding outbound_in_time(Probe& probe) {
  const TransportAddress inside = probe.inside_endpoint();
  const auto known = probe.seen_syn(inside, probe.outside_endpoint(0));
  if (!known) return no_way_out();
  if (syn_comes_in(probe, probe.outside_endpoint(1), *known))
    return judge(true, "a SYN from outside is not held, it comes in");
  const TransportAddress stranger = probe.outside_endpoint(1);
  probe.bed().send(Side::outside, make_tcp(stranger, *known, syn, {}, {.sequence = 1}));
  probe.wait(3s);
  const auto out =
      probe.tcp(Side::inside, inside, stranger, syn, {.sequence = probe.number()}, Side::outside);
  if (!out) return no_way_out();
  if (out->source != *known) return untested("another destination has another port");
  const auto answer = probe.expect(Side::outside, 5s, [&](const Arrival& arrival) {
    return arrival.ipv4().protocol() == ip_protocol::icmp && is_about(arrival, stranger);
  });
  return judge(!answer, answer ? "an ICMP error comes all the same"
                               : "the SYN that came first is forgotten");
}

Finding overloading(Probe& probe) {
  if (!probe.has_two_inside()) return needs_two_inside();
  const std::uint16_t port = probe.fresh_port();
  const auto of_one = probe.seen_syn({probe.inside(0), port}, probe.outside_endpoint(0));
  const auto of_two = probe.seen_syn({probe.inside(1), port}, probe.outside_endpoint(1));
  if (!of_one || !of_two) return no_way_out();
  return judge(*of_one != *of_two, *of_one == *of_two
                                       ? "two hosts appear as " + of_one->to_string()
                                       : "two hosts with one port have two external ones");
}

/// RFC 5382 §7.2, with a SYN from each end, so that a filter does not hide that they come back.
Finding hairpinning(Probe& probe) {
  const TransportAddress one = probe.inside_endpoint();
  const TransportAddress two = probe.inside_endpoint(probe.has_two_inside() ? 1 : 0);
  const auto of_one = probe.seen_syn(one, probe.outside_endpoint());
  const auto of_two = probe.seen_syn(two, probe.outside_endpoint());
  if (!of_one || !of_two) return no_way_out();
  const auto meet = [&](const TransportAddress& from, const TransportAddress& at) {
    return probe.tcp(Side::inside, from, at, syn, {.sequence = probe.number()}, Side::inside);
  };
  meet(two, *of_one);
  const auto arrival = meet(one, *of_two);
  if (!arrival) return judge(false, "nothing comes back in");
  return judge(arrival->source.ip == of_one->ip,
               "a SYN comes back in from " + arrival->source.to_string());
}

/// RFC 5382 §7.3: as the sender would know it, and no end of the connection.
Finding icmp_for_tcp(Probe& probe) {
  const TransportAddress inside = probe.inside_endpoint();
  const auto out = probe.tcp(Side::inside, inside, probe.outside_endpoint(), syn,
                             {.sequence = probe.number()}, Side::outside);
  if (!out) return no_way_out();
  const auto error = probe.error_in(probe.outside(0), icmp_type::destination_unreachable,
                                    unreachable_code::host, *out);
  if (!error) return judge(false, "an ICMP error about a segment does not come in");
  const auto quoted = Ipv4View::parse_quoted(error->icmp().quoted_datagram());
  const bool is_right = quoted && IpAddress::v4(quoted->source()) == inside.ip &&
                        load_u16(quoted->payload().data()) == inside.port;
  return judge(is_right, is_right ? "it quotes the segment as the host sent it"
                                  : "it does not quote what the host sent");
}

Finding icmp_ends_nothing(Probe& probe) {
  auto connection = probe.connect(probe.inside_endpoint(), probe.outside_endpoint());
  if (!connection) return no_way_out();
  const auto segment =
      probe.tcp(Side::inside, connection->inside, connection->outside, ack,
                {.sequence = connection->inside_next, .acknowledgment = connection->outside_next},
                Side::outside);
  if (!segment) return no_way_out();
  for (const std::uint8_t code : {0, 1, 2, 3, 9, 13})
    probe.bed().send(Side::outside,
                     make_icmp_error(probe.outside(0), connection->external.ip,
                                     icmp_type::destination_unreachable, code, 0, segment->packet));
  const bool carries = probe.carries_data(*connection);
  return judge(carries, carries ? "the connection goes on" : "the connection is cut");
}

/// RFC 5382 §5 leaves it to the NAT.
Finding stray_segment(Probe& probe) {
  const TransportAddress inside = probe.inside_endpoint();
  const TransportAddress outside = probe.outside_endpoint();
  const TcpFields fields{.sequence = probe.number(), .acknowledgment = probe.number()};
  const auto passed = probe.tcp(Side::inside, inside, outside, ack, fields, Side::outside);
  return {Verdict::noted, passed ? "it passes, as if the connection were known" : "it is dropped"};
}

constexpr Requirement requirements[] = {
    {5382, "REQ-1", Level::must, Pace::seconds, "One external endpoint whatever the destination",
     mapping},
    {5382, "REQ-2", Level::must, Pace::seconds, "Connections open and carry data", connections},
    {5382, "REQ-2a", Level::must, Pace::seconds, "Simultaneous open", simultaneous_open},
    {5382, "REQ-3", Level::should, Pace::seconds,
     "Filtering is endpoint-independent, or address-dependent", filtering},
    {5382, "REQ-4", Level::must, Pace::seconds, "An unsolicited SYN has no answer for six seconds",
     no_early_answer},
    {5382, "REQ-4 (ICMP)", Level::should, Pace::seconds, "After that it is answered by ICMP",
     late_answer},
    {5382, "REQ-4 (in time)", Level::must, Pace::seconds,
     "An outbound SYN in time makes it a simultaneous open", outbound_in_time},
    {5382, "5", Level::may, Pace::seconds, "A segment of no known connection", stray_segment},
    {5382, "REQ-7", Level::must, Pace::seconds, "Two hosts never share an external port",
     overloading},
    {5382, "REQ-8", Level::must, Pace::seconds, "Hairpinning, with an external source",
     hairpinning},
    {5382, "REQ-9", Level::should, Pace::seconds, "ICMP errors about TCP are translated",
     icmp_for_tcp},
    {5382, "REQ-10", Level::must, Pace::seconds, "No ICMP error ends a connection",
     icmp_ends_nothing},
};

}  // namespace

std::span<const Requirement> tcp_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
