#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::must:
      return "MUST";
    case Level::should:
      return "SHOULD";
    case Level::may:
      return "MAY";
  }
  return {};
}

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::met:
      return "met";
    case Verdict::not_met:
      return "not met";
    case Verdict::noted:
      return "noted";
    case Verdict::untested:
      return "untested";
  }
  return {};
}

std::string_view name_of(Behavior behavior) {
  switch (behavior) {
    case Behavior::endpoint_independent:
      return "endpoint-independent";
    case Behavior::address_dependent:
      return "address-dependent";
    case Behavior::address_and_port_dependent:
      return "address-and-port-dependent";
  }
  return {};
}

Destinations Destinations::fresh(Probe& probe) {
  const TransportAddress first = probe.outside_endpoint(0);
  return {first, probe.outside_endpoint(0), {probe.outside(1), first.port}};
}

std::optional<Behavior> mapping_of_udp(Probe& probe, const TransportAddress& from,
                                       const Destinations& destinations) {
  const auto at_first = probe.seen(from, destinations.first);
  const auto at_other_port = probe.seen(from, destinations.other_port);
  const auto at_other_host = probe.seen(from, destinations.other_host);
  if (!at_first || !at_other_port || !at_other_host) return std::nullopt;
  if (at_first != at_other_port) return Behavior::address_and_port_dependent;
  return at_first == at_other_host ? Behavior::endpoint_independent : Behavior::address_dependent;
}

/// Nobody but the first outside endpoint has been written to when the others try.
std::optional<Behavior> filtering_of_udp(Probe& probe, const TransportAddress& from) {
  const TransportAddress known = probe.outside_endpoint(0);
  const auto external = probe.seen(from, known);
  if (!external || !probe.reaches(known, *external, from)) return std::nullopt;
  if (probe.reaches(probe.outside_endpoint(1), *external, from))
    return Behavior::endpoint_independent;
  if (probe.reaches(probe.outside_endpoint(0), *external, from)) return Behavior::address_dependent;
  // The way is still open for who may use it.
  if (!probe.reaches(known, *external, from)) return std::nullopt;
  return Behavior::address_and_port_dependent;
}

}  // namespace stile::nat::grader
