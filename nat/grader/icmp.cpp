#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

namespace {

using namespace std::chrono_literals;

/// An echo request as the outside host gets it.
std::optional<Arrival> ask(Probe& probe, const IpAddress& from, const IpAddress& to,
                           std::uint16_t identifier) {
  const auto sequence = static_cast<std::uint16_t>(probe.number());
  return probe.carry(Side::inside, make_icmp_echo(from, to, icmp_type::echo, identifier, sequence),
                     Side::outside, [&](const Arrival& arrival) {
                       return arrival.ipv4().protocol() == ip_protocol::icmp &&
                              arrival.icmp().type() == icmp_type::echo &&
                              arrival.icmp().sequence() == sequence && arrival.destination.ip == to;
                     });
}

/// Whether the reply to it reaches the host that asked, with its own identifier.
bool is_answered(Probe& probe, const Arrival& request, const IpAddress& asker,
                 std::uint16_t identifier) {
  const auto sequence = request.icmp().sequence();
  const ByteVector reply =
      make_icmp_echo(request.destination.ip, request.source.ip, icmp_type::echo_reply,
                     request.icmp().identifier(), sequence);
  return probe
      .carry(Side::outside, reply, Side::inside,
             [&](const Arrival& arrival) {
               return arrival.ipv4().protocol() == ip_protocol::icmp &&
                      arrival.icmp().type() == icmp_type::echo_reply &&
                      arrival.icmp().sequence() == sequence && arrival.destination.ip == asker &&
                      arrival.icmp().identifier() == identifier;
             })
      .has_value();
}

Finding queries(Probe& probe) {
  const std::uint16_t identifier = probe.fresh_port();
  const auto request = ask(probe, probe.inside(0), probe.outside(0), identifier);
  if (!request) return judge(false, "an echo request does not go out");
  const bool answered = is_answered(probe, *request, probe.inside(0), identifier);
  return judge(answered,
               answered ? "echo requests and their replies pass" : "a reply does not come back");
}

Finding query_mapping(Probe& probe) {
  const std::uint16_t identifier = probe.fresh_port();
  const auto first = ask(probe, probe.inside(0), probe.outside(0), identifier);
  const auto second = ask(probe, probe.inside(0), probe.outside(1), identifier);
  if (!first || !second) return no_way_out();
  const bool same = first->icmp().identifier() == second->icmp().identifier();
  return judge(same, same ? "one identifier for all destinations"
                          : "another identifier for another destination");
}

Finding query_timeout(Probe& probe) {
  const std::uint16_t identifier = probe.fresh_port();
  const auto request = ask(probe, probe.inside(0), probe.outside(0), identifier);
  if (!request) return no_way_out();
  probe.wait(59s);
  const bool answered = is_answered(probe, *request, probe.inside(0), identifier);
  return judge(answered, answered ? "a reply passes after 59 s" : "a reply is lost after 59 s");
}

/// A datagram from inside, as an outside host got it: what errors are about.
struct Sent {
  TransportAddress inside;
  TransportAddress outside;
  Arrival arrival;
};

std::optional<Sent> datagram(Probe& probe) {
  const TransportAddress inside = probe.inside_endpoint();
  const TransportAddress outside = probe.outside_endpoint();
  auto arrival = probe.udp(Side::inside, inside, outside, Side::outside);
  if (!arrival) return std::nullopt;
  return Sent{inside, outside, std::move(*arrival)};
}

constexpr std::uint8_t unreachable = icmp_type::destination_unreachable;

bool quotes(const Arrival& error, const TransportAddress& source,
            const TransportAddress& destination) {
  const auto quoted = Ipv4View::parse_quoted(error.icmp().quoted_datagram());
  return quoted && quoted->checksum_is_right() && quoted->payload().size() >= 4 &&
         TransportAddress{IpAddress::v4(quoted->source()), load_u16(quoted->payload().data())} ==
             source &&
         TransportAddress{IpAddress::v4(quoted->destination()),
                          load_u16(quoted->payload().data() + 2)} == destination;
}

Finding inbound_errors(Probe& probe) {
  const auto sent = datagram(probe);
  if (!sent) return no_way_out();
  const auto error =
      probe.error_in(probe.outside(0), unreachable, unreachable_code::port, sent->arrival);
  if (!error) return judge(false, "an ICMP error does not come in");
  if (!error->icmp().checksum_is_right()) return judge(false, "its checksum is wrong");
  const bool is_right =
      quotes(*error, sent->inside, sent->outside) && error->destination.ip == sent->inside.ip;
  return judge(is_right, is_right ? "it quotes the datagram as the host sent it"
                                  : "it does not quote what the host sent");
}

Finding errors_of_others(Probe& probe) {
  const auto sent = datagram(probe);
  if (!sent) return no_way_out();
  const auto error =
      probe.error_in(probe.outside(1), unreachable, unreachable_code::host, sent->arrival);
  return judge(error.has_value(), error ? "an error from a router on the way comes in"
                                        : "only the peer's own errors come in");
}

Finding errors_end_nothing(Probe& probe) {
  const auto sent = datagram(probe);
  if (!sent) return no_way_out();
  struct Kind {
    std::uint8_t type;
    std::uint8_t code;
  };
  constexpr Kind kinds[] = {{3, 0},  {3, 1}, {3, 2},  {3, 3}, {3, 10},
                            {3, 13}, {4, 0}, {11, 0}, {12, 0}};
  for (const Kind& kind : kinds)
    probe.bed().send(Side::outside, make_icmp_error(probe.outside(0), sent->arrival.source.ip,
                                                    kind.type, kind.code, 0, sent->arrival.packet));
  const bool same = probe.seen(sent->inside, sent->outside) == sent->arrival.source;
  const bool reaches = probe.reaches(sent->outside, sent->arrival.source, sent->inside);
  return judge(same && reaches, same && reaches ? "the mapping stays" : "the mapping is gone");
}

Finding wrong_checksum(Probe& probe) {
  const auto sent = datagram(probe);
  if (!sent) return no_way_out();
  const auto code = std::uint8_t{5};
  ByteVector error = make_icmp_error(probe.outside(0), sent->arrival.source.ip, unreachable, code,
                                     0, sent->arrival.packet);
  error[22] ^= 0xff;
  const auto passed = probe.carry(Side::outside, error, Side::inside, [&](const Arrival& arrival) {
    return arrival.ipv4().protocol() == ip_protocol::icmp && arrival.icmp().type() == unreachable &&
           arrival.icmp().code() == code;
  });
  return judge(!passed, passed ? "it comes in" : "it is dropped");
}

Finding quote_with_wrong_checksum(Probe& probe) {
  auto sent = datagram(probe);
  if (!sent) return no_way_out();
  sent->arrival.packet[10] ^= 0xff;
  const auto error = probe.error_in(probe.outside(0), unreachable, 6, sent->arrival);
  return judge(!error, error ? "it comes in" : "it is dropped");
}

Finding quote_with_wrong_transport_checksum(Probe& probe) {
  auto sent = datagram(probe);
  if (!sent) return no_way_out();
  sent->arrival.packet[26] ^= 0xff;
  const auto error = probe.error_in(probe.outside(0), unreachable, 7, sent->arrival);
  return judge(error.has_value(), error ? "it comes in" : "it is dropped");
}

Finding outbound_errors(Probe& probe) {
  const auto sent = datagram(probe);
  if (!sent) return no_way_out();
  const TransportAddress& external = sent->arrival.source;
  const auto in = probe.udp(Side::outside, sent->outside, external, Side::inside);
  if (!in) return untested("the peer's answer does not come in");
  const ByteVector error = make_icmp_error(sent->inside.ip, sent->outside.ip, unreachable,
                                           unreachable_code::port, 0, in->packet);
  const auto out = probe.carry(Side::inside, error, Side::outside, [&](const Arrival& arrival) {
    return arrival.ipv4().protocol() == ip_protocol::icmp && arrival.icmp().type() == unreachable;
  });
  if (!out) return judge(false, "an ICMP error does not go out");
  const bool is_right = quotes(*out, sent->outside, external) && out->source.ip == external.ip;
  return judge(is_right, is_right ? "it quotes the datagram as the peer sent it"
                                  : "it shows the inside address, or another datagram");
}

Finding hairpinned_errors(Probe& probe) {
  const auto one = datagram(probe);
  const TransportAddress two = probe.inside_endpoint(probe.has_two_inside() ? 1 : 0);
  const auto of_two = probe.seen(two, probe.outside_endpoint());
  if (!one || !of_two) return no_way_out();
  probe.udp(Side::inside, two, one->arrival.source, Side::inside);
  const auto met = probe.udp(Side::inside, one->inside, *of_two, Side::inside);
  if (!met) return untested("nothing comes back in");
  const ByteVector error =
      make_icmp_error(two.ip, met->source.ip, unreachable, unreachable_code::port, 0, met->packet);
  const auto back = probe.carry(Side::inside, error, Side::inside, [&](const Arrival& arrival) {
    return arrival.ipv4().protocol() == ip_protocol::icmp && arrival.icmp().type() == unreachable &&
           arrival.destination.ip == one->inside.ip;
  });
  if (!back) return judge(false, "an ICMP error does not come back in");
  const bool is_right = quotes(*back, one->inside, *of_two) && back->source.ip == of_two->ip;
  return judge(is_right, is_right ? "it comes from the external address, and quotes the datagram"
                                  : "it shows what the host does not know");
}

Finding time_exceeded(Probe& probe) {
  const TransportAddress inside = probe.inside_endpoint();
  const TransportAddress outside = probe.outside_endpoint();
  const ByteVector last_hop = make_udp(inside, outside, ByteVector(16), {.ttl = 1});
  const auto error = probe.carry(Side::inside, last_hop, Side::inside, [&](const Arrival& arrival) {
    return arrival.ipv4().protocol() == ip_protocol::icmp &&
           arrival.icmp().type() == icmp_type::time_exceeded;
  });
  if (!error) return judge(false, "nothing tells that the TTL is used up");
  const bool is_right = quotes(*error, inside, outside);
  return judge(is_right, "from " + error->source.ip.to_string() +
                             (is_right ? "" : ", which does not quote the datagram"));
}

Finding too_big(Probe& probe) {
  const auto mtu = probe.bed().outside_mtu();
  if (!mtu) return untested("needs an outside link with a smaller MTU");
  const TransportAddress inside = probe.inside_endpoint();
  const ByteVector big =
      make_udp(inside, probe.outside_endpoint(), ByteVector(static_cast<std::size_t>(*mtu)),
               {.dont_fragment = true});
  const auto error = probe.carry(Side::inside, big, Side::inside, [&](const Arrival& arrival) {
    return arrival.ipv4().protocol() == ip_protocol::icmp && arrival.icmp().type() == unreachable &&
           arrival.icmp().code() == unreachable_code::fragmentation_needed;
  });
  if (!error) return judge(false, "nothing tells that a packet is too big");
  return judge(error->icmp().next_hop_mtu() == *mtu,
               "the next hop's MTU is told as " + std::to_string(error->icmp().next_hop_mtu()));
}

constexpr Requirement requirements[] = {
    {5508, "REQ-1", Level::must, Pace::seconds, "Echo requests and replies pass", queries},
    {5508, "REQ-1a", Level::should, Pace::seconds, "An identifier is mapped whatever the host",
     query_mapping},
    {5508, "REQ-2", Level::must, Pace::minutes, "A query is remembered for a minute",
     query_timeout},
    {5508, "REQ-3", Level::should, Pace::seconds, "An error with a wrong checksum is dropped",
     wrong_checksum},
    {5508, "REQ-3a", Level::should, Pace::seconds, "So is one whose quoted header has a wrong one",
     quote_with_wrong_checksum},
    {5508, "REQ-3c", Level::should, Pace::seconds, "The quoted transport's checksum is not checked",
     quote_with_wrong_transport_checksum},
    {5508, "REQ-4", Level::must, Pace::seconds, "Errors from outside are translated",
     inbound_errors},
    {5508, "REQ-5", Level::must, Pace::seconds, "Errors from inside are translated",
     outbound_errors},
    {5508, "REQ-7", Level::must, Pace::seconds, "Errors are hairpinned", hairpinned_errors},
    {5508, "REQ-10 (TTL)", Level::must, Pace::seconds, "A TTL that is used up is told",
     time_exceeded},
    {5508, "REQ-10 (MTU)", Level::must, Pace::seconds, "A packet that is too big is told", too_big},
    {4787, "REQ-12", Level::must, Pace::seconds, "No ICMP error ends a UDP mapping",
     errors_end_nothing},
    {4787, "REQ-12a", Level::should, Pace::seconds, "Errors come in from any router",
     errors_of_others},
};

}  // namespace

std::span<const Requirement> icmp_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
