#include "nat/sim/behavior_name.hpp"

namespace stile::sim {

namespace {

using nat::Behavior;

constexpr Behavior behaviors[] = {Behavior::endpoint_independent, Behavior::address_dependent,
                                  Behavior::address_and_port_dependent};

std::string_view letters(Behavior behavior) {
  switch (behavior) {
    case Behavior::endpoint_independent:
      return "EI";
    case Behavior::address_dependent:
      return "AD";
    case Behavior::address_and_port_dependent:
      return "APD";
  }
  return "";
}

std::string flag_name(Behavior behavior) {
  switch (behavior) {
    case Behavior::endpoint_independent:
      return "endpoint-independent";
    case Behavior::address_dependent:
      return "address-dependent";
    case Behavior::address_and_port_dependent:
      return "address-and-port-dependent";
  }
  return "";
}

}  // namespace

std::string to_string(const NatBehavior& behavior) {
  return std::string(letters(behavior.mapping)) + "M/" + std::string(letters(behavior.filtering)) +
         "F";
}

std::optional<NatBehavior> parse_behavior(std::string_view text) {
  for (const NatBehavior& behavior : all_behaviors())
    if (to_string(behavior) == text) return behavior;
  return std::nullopt;
}

std::pair<std::string, std::string> flag_names(const NatBehavior& behavior) {
  return {flag_name(behavior.mapping), flag_name(behavior.filtering)};
}

std::string to_string(nat::PortAssignment ports) {
  switch (ports) {
    case nat::PortAssignment::preserve:
      return "preserve";
    case nat::PortAssignment::sequential:
      return "sequential";
    case nat::PortAssignment::random:
      return "random";
    case nat::PortAssignment::block:
      return "block";
    case nat::PortAssignment::overload:
      return "overload";
    case nat::PortAssignment::deterministic:
      return "deterministic";
    case nat::PortAssignment::none:
      return "none";
  }
  return "";
}

std::optional<nat::PortAssignment> parse_port_assignment(std::string_view text) {
  for (const auto ports : {nat::PortAssignment::preserve, nat::PortAssignment::sequential,
                           nat::PortAssignment::random, nat::PortAssignment::block})
    if (to_string(ports) == text) return ports;
  return std::nullopt;
}

std::string to_string(nat::Hairpin hairpin) {
  switch (hairpin) {
    case nat::Hairpin::external:
      return "external";
    case nat::Hairpin::internal:
      return "internal";
    case nat::Hairpin::off:
      return "off";
  }
  return "";
}

std::optional<nat::Hairpin> parse_hairpin(std::string_view text) {
  for (const auto hairpin : {nat::Hairpin::external, nat::Hairpin::internal, nat::Hairpin::off})
    if (to_string(hairpin) == text) return hairpin;
  return std::nullopt;
}

std::vector<NatBehavior> all_behaviors() {
  std::vector<NatBehavior> all;
  for (const Behavior mapping : behaviors)
    for (const Behavior filtering : behaviors) all.push_back({mapping, filtering});
  return all;
}

}  // namespace stile::sim
