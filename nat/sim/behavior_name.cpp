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

std::vector<NatBehavior> all_behaviors() {
  std::vector<NatBehavior> all;
  for (const Behavior mapping : behaviors)
    for (const Behavior filtering : behaviors) all.push_back({mapping, filtering});
  return all;
}

}  // namespace stile::sim
