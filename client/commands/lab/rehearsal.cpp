#include "client/commands/lab/rehearsal.hpp"

#include "client/commands/lab/network_namespace.hpp"
#include "nat/sim/scenario.hpp"

namespace stile::lab {

namespace {

std::optional<sim::GatewaySpec> spec_of(const Gateway& gateway) {
  if (gateway.kind == Gateway::Kind::none) return std::nullopt;
  return sim::GatewaySpec{gateway.theory()};
}

}  // namespace

Meeting rehearse(const Scenario& scenario) {
  for (const Gateway& gateway : {scenario.a, scenario.b, scenario.carrier.value_or(Gateway{})})
    if (!gateway.has_theory())
      throw LabError(gateway.to_string() + " is played in namespaces only");
  sim::Scenario play;
  play.a = spec_of(scenario.a);
  play.b = spec_of(scenario.b);
  if (scenario.carrier) play.carrier = spec_of(*scenario.carrier);
  play.relay = scenario.relay;
  play.patience = scenario.patience;
  play.internet.loss = scenario.loss;
  play.internet.delay += std::chrono::milliseconds(scenario.delay_ms);

  const sim::Result result = sim::play(play);
  Meeting meeting;
  meeting.path = result.path;
  if (result.path == Path::none) meeting.reason = "no path in time";
  if (result.local_a) meeting.local_a = ice::to_string(*result.local_a);
  if (result.local_b) meeting.local_b = ice::to_string(*result.local_b);
  meeting.milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(result.first_data).count();
  return meeting;
}

}  // namespace stile::lab
