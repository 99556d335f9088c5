#include <set>

#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

namespace {

Finding mapping(Probe& probe) {
  const auto behavior = mapping_of_udp(probe, probe.inside_endpoint(), Destinations::fresh(probe));
  if (!behavior) return no_way_out();
  return judge(*behavior == Behavior::endpoint_independent, std::string(name_of(*behavior)));
}

Finding pooling(Probe& probe) {
  constexpr int sockets = 16;
  std::set<IpAddress> externals;
  for (int i = 0; i < sockets; ++i)
    if (const auto seen = probe.seen(probe.inside_endpoint(), probe.outside_endpoint(i % 2)))
      externals.insert(seen->ip);
  if (externals.empty()) return no_way_out();
  return judge(externals.size() == 1, std::to_string(sockets) + " sockets of a host have " +
                                          std::to_string(externals.size()) +
                                          " external address(es)");
}

Finding overloading(Probe& probe) {
  if (!probe.has_two_inside()) return needs_two_inside();
  const std::uint16_t port = probe.fresh_port();
  const TransportAddress one{probe.inside(0), port};
  const TransportAddress two{probe.inside(1), port};
  // Destinations that differ are what tempts a NAT to give one port to both.
  const auto of_one = probe.seen(one, probe.outside_endpoint(0));
  const auto of_two = probe.seen(two, probe.outside_endpoint(1));
  if (!of_one || !of_two) return no_way_out();
  return judge(*of_one != *of_two, *of_one == *of_two
                                       ? "two hosts appear as " + of_one->to_string()
                                       : "two hosts with one port have two external ones");
}

Finding port_classes(Probe& probe) {
  constexpr std::uint16_t well_known_end = 1024;
  for (const std::uint16_t port : {500, 1023, 1024, 40000}) {
    const auto seen = probe.seen({probe.inside(0), port}, probe.outside_endpoint());
    if (!seen) return no_way_out();
    if ((port < well_known_end) != (seen->port < well_known_end))
      return judge(false,
                   "port " + std::to_string(port) + " appears as " + std::to_string(seen->port));
  }
  return judge(true, "ports below 1024 stay below, others above");
}

Finding preservation(Probe& probe) {
  constexpr int sockets = 16;
  int kept = 0;
  for (int i = 0; i < sockets; ++i) {
    const TransportAddress from = probe.inside_endpoint();
    const auto seen = probe.seen(from, probe.outside_endpoint());
    if (!seen) return no_way_out();
    kept += seen->port == from.port;
  }
  return {Verdict::noted,
          std::to_string(kept) + " of " + std::to_string(sockets) + " sockets keep their port"};
}

Finding parity(Probe& probe) {
  constexpr int pairs = 8;
  int kept = 0;
  int tried = 0;
  for (int i = 0; i < pairs; ++i) {
    const std::uint16_t even = probe.fresh_port();
    for (const int offset : {0, 1}) {
      const auto port = static_cast<std::uint16_t>(even + offset);
      // A second host with the same port shows what becomes of parity when the port is taken.
      for (std::size_t host = 0; host < probe.bed().hosts().inside.size(); ++host) {
        const auto seen = probe.seen({probe.inside(host), port}, probe.outside_endpoint());
        if (!seen) return no_way_out();
        ++tried;
        kept += seen->port % 2 == port % 2;
      }
    }
  }
  return judge(kept == tried,
               std::to_string(kept) + " of " + std::to_string(tried) + " ports keep their parity");
}

Finding filtering(Probe& probe) {
  const auto behavior = filtering_of_udp(probe, probe.inside_endpoint());
  if (!behavior) return no_way_out();
  return judge(*behavior != Behavior::address_and_port_dependent, std::string(name_of(*behavior)));
}

/// What an inside endpoint that another one writes to by its external endpoint gets.
struct Hairpin {
  TransportAddress sender;  ///< its external endpoint
  std::optional<Arrival> arrival;
};

std::optional<Hairpin> hairpin(Probe& probe) {
  const TransportAddress one = probe.inside_endpoint();
  const TransportAddress two = probe.inside_endpoint(probe.has_two_inside() ? 1 : 0);
  const auto of_one = probe.seen(one, probe.outside_endpoint());
  const auto of_two = probe.seen(two, probe.outside_endpoint());
  if (!of_one || !of_two) return std::nullopt;
  // Both send, so that a filter does not hide that packets come back.
  probe.udp(Side::inside, two, *of_one, Side::inside);
  return Hairpin{*of_one, probe.udp(Side::inside, one, *of_two, Side::inside)};
}

Finding hairpinning(Probe& probe) {
  const auto tried = hairpin(probe);
  if (!tried) return no_way_out();
  return judge(tried->arrival.has_value(), tried->arrival
                                               ? "inside hosts meet at their external endpoints"
                                               : "nothing comes back in");
}

Finding hairpin_source(Probe& probe) {
  const auto tried = hairpin(probe);
  if (!tried) return no_way_out();
  if (!tried->arrival) return untested("nothing comes back in");
  const TransportAddress& source = tried->arrival->source;
  return judge(source.ip == tried->sender.ip, "the source is " + source.to_string());
}

Finding determinism(Probe& probe) {
  if (!probe.has_two_inside()) return needs_two_inside();
  const std::uint16_t port = probe.fresh_port();
  // The second one meets the first one's sessions after it has got a mapping of its own.
  const Destinations destinations = Destinations::fresh(probe);
  const auto first = mapping_of_udp(probe, {probe.inside(0), port}, destinations);
  const auto second =
      mapping_of_udp(probe, {probe.inside(1), port},
                     {probe.outside_endpoint(0), destinations.other_port, destinations.other_host});
  const std::uint16_t other_port = probe.fresh_port();
  const auto first_filter = filtering_of_udp(probe, {probe.inside(0), other_port});
  const auto second_filter = filtering_of_udp(probe, {probe.inside(1), other_port});
  if (!first || !second || !first_filter || !second_filter) return no_way_out();
  const bool same = *first == *second && *first_filter == *second_filter;
  const auto words = [](Behavior m, Behavior f) {
    return std::string(name_of(m)) + " mapping with " + std::string(name_of(f)) + " filtering";
  };
  return judge(same, same ? "a second host with the same port fares as the first"
                          : words(*first, *first_filter) +
                                ", but for a second host with the same "
                                "port " +
                                words(*second, *second_filter));
}

Finding payload_untouched(Probe& probe) {
  const TransportAddress from = probe.inside_endpoint();
  const TransportAddress sip{probe.outside(0), 5060};
  const std::string text = "INVITE sip:x@example.org SIP/2.0\r\nVia: SIP/2.0/UDP " +
                           from.to_string() + "\r\nContact: <sip:x@" + from.to_string() +
                           ">\r\nContent-Length: 0\r\n\r\n";
  const auto arrival = probe.carry(
      Side::inside, make_udp(from, sip, as_bytes(text)), Side::outside, [&](const Arrival& a) {
        return a.destination == sip && a.ipv4().protocol() == ip_protocol::udp;
      });
  if (!arrival) return untested("nothing arrives at port 5060");
  const bool same = as_text(arrival->transport().subspan(8)) == text;
  return judge(same, same ? "SIP passes as it is" : "SIP is rewritten");
}

constexpr Requirement requirements[] = {
    {4787, "REQ-1", Level::must, Pace::seconds, "One external endpoint whatever the destination",
     mapping},
    {4787, "REQ-2", Level::should, Pace::seconds, "A host has one external address", pooling},
    {4787, "REQ-3", Level::must, Pace::seconds, "Two hosts never share an external port",
     overloading},
    {4787, "REQ-3a", Level::should, Pace::seconds, "Ports below 1024 are mapped to such ports",
     port_classes},
    {4787, "4.2.1", Level::may, Pace::seconds, "Port preservation", preservation},
    {4787, "REQ-4", Level::should, Pace::seconds, "Even ports stay even, odd ones odd", parity},
    {4787, "REQ-8", Level::should, Pace::seconds,
     "Filtering is endpoint-independent, or address-dependent", filtering},
    {4787, "REQ-9", Level::must, Pace::seconds, "Hairpinning", hairpinning},
    {4787, "REQ-9a", Level::must, Pace::seconds, "A hairpinned packet has an external source",
     hairpin_source},
    {4787, "REQ-10", Level::should, Pace::seconds, "No ALG changes UDP payloads",
     payload_untouched},
    {4787, "REQ-11", Level::must, Pace::seconds, "The behaviour never changes", determinism},
};

}  // namespace

std::span<const Requirement> udp_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
