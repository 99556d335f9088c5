#include "client/commands/lab/scenario.hpp"

namespace stile::lab {

using nat::Behavior;

namespace {

constexpr auto independent = Behavior::endpoint_independent;
constexpr auto per_address = Behavior::address_dependent;
constexpr auto per_port = Behavior::address_and_port_dependent;

Gateway nat(Behavior mapping, Behavior filtering) {
  return {Gateway::Kind::stile_nat, {mapping, filtering}};
}

}  // namespace

std::optional<Gateway> Gateway::parse(std::string_view text) {
  if (text == "none") return Gateway{};
  if (text == "nftables") return Gateway{Kind::nftables, {}};
  constexpr std::string_view like = "like:";
  if (text.starts_with(like) && text.size() > like.size())
    return Gateway{Kind::personality, {}, std::string(text.substr(like.size()))};
  const auto behavior = sim::parse_behavior(text);
  if (!behavior) return std::nullopt;
  return Gateway{Kind::stile_nat, *behavior};
}

std::string Gateway::to_string() const {
  switch (kind) {
    case Kind::none:
      return "none";
    case Kind::nftables:
      return "nftables";
    case Kind::stile_nat:
      return sim::to_string(behavior);
    case Kind::personality:
      return "like:" + personality;
  }
  return {};
}

sim::NatBehavior Gateway::theory() const {
  switch (kind) {
    case Kind::none:
      return {independent, independent};
    case Kind::nftables:
      return {independent, per_port};
    case Kind::stile_nat:
      return behavior;
    case Kind::personality:
      break;
  }
  return {};
}

std::string_view name_of(Path path) {
  switch (path) {
    case Path::direct:
      return "directly";
    case Path::relay:
      return "by the relay";
    case Path::none:
      return "not at all";
  }
  return {};
}

std::vector<Scenario> tour() {
  const Gateway open;
  const Gateway kernel{Gateway::Kind::nftables, {}};
  const Gateway easy = nat(independent, independent);
  const Gateway hard = nat(per_port, per_port);
  return {
      {.a = open, .b = open},
      {.a = easy, .b = easy},
      {.a = nat(independent, per_address), .b = nat(independent, per_port)},
      {.a = hard, .b = easy},
      {.a = hard, .b = hard},
      {.a = nat(independent, per_port), .b = nat(independent, per_port), .carrier = easy},
      {.a = kernel, .b = kernel},
  };
}

}  // namespace stile::lab
