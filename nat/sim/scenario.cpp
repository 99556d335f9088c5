#include "nat/sim/scenario.hpp"

#include <algorithm>

#include "nat/sim/agent_node.hpp"
#include "nat/sim/nat_node.hpp"
#include "nat/sim/server_node.hpp"

namespace stile::sim {

namespace {

const IpAddress server_ip = IpAddress::v4(203, 0, 113, 10);
const IpAddress other_server_ip = IpAddress::v4(203, 0, 113, 11);
constexpr std::uint16_t server_port = 3478;
const Quality lan{.delay = std::chrono::microseconds(500)};

relay::Config server_config(bool relays) {
  relay::Config config;
  config.realm = "sim";
  config.own_addresses = {{server_ip, server_port}, {other_server_ip, server_port}};
  if (!relays) return config;
  config.users = {{"user", "pass"}};
  config.relay_addresses = {server_ip};
  config.peers.allow = {*IpPrefix::parse("203.0.113.0/24")};
  return config;
}

ice::Config agent_config(ice::Role role, const Scenario& scenario) {
  ice::Config config;
  config.role = role;
  config.trickle = scenario.trickle;
  if (scenario.relay)
    config.turn_servers = {{{server_ip, server_port}, {"user", "pass"}}};
  else
    config.stun_servers = {{server_ip, server_port}};
  config.tcp = scenario.tcp;
  config.hard_nats = scenario.hard_nats;
  if (scenario.hard_nats) config.stun_servers.push_back({other_server_ip, server_port});
  return config;
}

nat::Config nat_config(const GatewaySpec& spec, const IpAddress& external,
                       const IpAddress& inside) {
  nat::Config config = spec.rest;
  config.external = {external};
  config.inside_address = inside;
  config.mapping = spec.behavior.mapping;
  config.filtering = spec.behavior.filtering;
  config.ports = spec.ports;
  config.hairpin = spec.hairpin;
  config.reserved_udp_ports = {nat::portmap::own_ports.begin(), nat::portmap::own_ports.end()};
  return config;
}

/// Everything of a scenario, wired. Members are in the order in which they need each other.
class Stage {
 public:
  explicit Stage(const Scenario& scenario)
      : world_(scenario.seed),
        internet_(world_, "internet", scenario.internet),
        carrier_(world_, "carrier", lan),
        home_a_(world_, "home a", lan),
        home_b_(world_, "home b", lan) {
    if (!scenario.capture.empty()) world_.capture_to(scenario.capture);
    if (scenario.server)
      server_ = std::make_unique<ServerNode>(world_, internet_, server_config(scenario.relay));
    if (scenario.carrier)
      nats_.push_back(
          std::make_unique<NatNode>(world_, "carrier", carrier_, internet_,
                                    nat_config(*scenario.carrier, IpAddress::v4(203, 0, 113, 50),
                                               IpAddress::v4(100, 64, 0, 1))));
    a_ = place("a", ice::Role::controlling, scenario.a, home_a_, 1, scenario);
    b_ = place("b", ice::Role::controlled, scenario.b, home_b_, 2, scenario);
  }

  World& world() { return world_; }
  AgentNode& a() { return *a_; }
  AgentNode& b() { return *b_; }

 private:
  std::unique_ptr<AgentNode> place(const std::string& name, ice::Role role,
                                   const std::optional<GatewaySpec>& gateway, Segment& home,
                                   std::uint8_t number, const Scenario& scenario) {
    Segment& above = scenario.carrier ? carrier_ : internet_;
    const IpAddress outside =
        scenario.carrier ? IpAddress::v4(100, 64, 0, static_cast<std::uint8_t>(10 + number))
                         : IpAddress::v4(203, 0, 113, static_cast<std::uint8_t>(100 + number));
    IpAddress own = outside;
    IpAddress router;
    if (gateway) {
      own = IpAddress::v4(192, 168, number, 2);
      router = IpAddress::v4(192, 168, number, 1);
      nat::Config translator = nat_config(*gateway, outside, router);
      if (scenario.udp_blocked) translator.blocked = {{nat::Protocol::udp}};
      nats_.push_back(std::make_unique<NatNode>(world_, name, home, above, std::move(translator)));
      if (gateway->port_mapping != PortMapping::none)
        nats_.back()->map_ports({.pcp = gateway->port_mapping == PortMapping::pcp});
    }
    ice::Config config = agent_config(role, scenario);
    if (gateway && gateway->port_mapping != PortMapping::none)
      config.port_mapping_routers = {{router, nat::portmap::server_port}};
    config.lite = scenario.lite_b && role == ice::Role::controlled;
    auto node =
        std::make_unique<AgentNode>(world_, name, gateway ? home : above, own, std::move(config));
    if (scenario.on_line)
      node->on_line = [this, tell = scenario.on_line](const std::string& line) {
        tell(world_.now(), line);
      };
    return node;
  }

  World world_;
  Segment internet_;
  Segment carrier_;
  Segment home_a_;
  Segment home_b_;
  std::unique_ptr<ServerNode> server_;
  std::vector<std::unique_ptr<NatNode>> nats_;
  std::unique_ptr<AgentNode> a_;
  std::unique_ptr<AgentNode> b_;
};

bool is_relayed(const ice::PairSelected& pair) {
  return pair.local.type == ice::CandidateType::relayed ||
         pair.remote.type == ice::CandidateType::relayed;
}

/// Greets on until both have heard more than before, within a second of virtual time for each try.
bool data_flows(Stage& stage) {
  const std::size_t heard_a = stage.a().heard();
  const std::size_t heard_b = stage.b().heard();
  const auto both = [&] { return stage.a().heard() > heard_a && stage.b().heard() > heard_b; };
  for (int i = 0; i < 20 && !both(); ++i) {
    stage.a().greet();
    stage.b().greet();
    stage.world().run_until(both, stage.world().now() + std::chrono::seconds(1));
  }
  return both();
}

/// During the restart data goes by the old path, after it by the new one.
bool survives_restart(Stage& stage) {
  stage.a().restart();
  const bool during = data_flows(stage);
  const auto selected = [&] { return stage.a().selected() && stage.b().selected(); };
  stage.world().run_until(selected, stage.world().now() + std::chrono::seconds(45));
  return during && selected() && data_flows(stage);
}

}  // namespace

Result play(const Scenario& scenario) {
  Stage stage(scenario);
  AgentNode::introduce(stage.a(), stage.b(), scenario.signalling_delay);
  World& world = stage.world();
  const Instant start = world.now();
  const auto failed = [](const AgentNode& node) {
    return node.agent().state() == ice::State::failed;
  };
  const auto selected = [&] { return stage.a().selected() && stage.b().selected(); };
  world.run_until([&] { return selected() || (failed(stage.a()) && failed(stage.b())); },
                  start + scenario.patience);

  Result result;
  result.selected = world.now() - start;
  if (selected() && data_flows(stage)) {
    // A pair through the relay may be selected first, and a direct one a moment later.
    const auto relayed = [&] {
      return is_relayed(*stage.a().selected()) || is_relayed(*stage.b().selected());
    };
    world.run_until([&] { return !relayed(); }, world.now() + std::chrono::seconds(10));
    result.settled = world.now() - start;
    result.path = relayed() ? Path::relay : Path::direct;
    result.relay_first =
        is_relayed(*stage.a().first_selected()) || is_relayed(*stage.b().first_selected());
    result.local_a = stage.a().selected()->local.type;
    result.local_b = stage.b().selected()->local.type;
    result.first_data = std::max(*stage.a().first_heard(), *stage.b().first_heard()) - start;
    if (scenario.restart) result.still_works = survives_restart(stage);
    if (scenario.linger > Duration::zero()) {
      world.run_until([] { return false; }, world.now() + scenario.linger);
      result.still_works = data_flows(stage);
    }
  }
  result.trace_hash = world.trace_hash();
  return result;
}

std::string replay_command(const Scenario& scenario) {
  const auto name = [](const std::optional<GatewaySpec>& gateway) {
    return gateway ? to_string(gateway->behavior) : std::string("none");
  };
  std::string command = "stile sim run --a " + name(scenario.a) + " --b " + name(scenario.b);
  if (scenario.carrier) command += " --carrier " + name(scenario.carrier);
  if (scenario.carrier && scenario.carrier->hairpin != nat::Hairpin::external)
    command += " --hairpin " + to_string(scenario.carrier->hairpin);
  if (!scenario.relay) command += " --no-relay";
  if (scenario.hard_nats) command += " --hard-nats";
  const auto& home = scenario.a ? scenario.a : scenario.b;
  if (home && home->ports != nat::PortAssignment::preserve)
    command += " --ports " + to_string(home->ports);
  command += " --seed " + std::to_string(scenario.seed);
  if (scenario.internet.loss > 0)
    command += " --loss " + std::to_string(scenario.internet.loss * 100);
  const auto add = [&](const char* option, double value) {
    if (value > 0) command += std::string(option) + std::to_string(value);
  };
  add(" --duplication ", scenario.internet.duplication * 100);
  add(" --reordering ", scenario.internet.reordering * 100);
  const auto in_ms = [](Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
  };
  add(" --jitter ", in_ms(scenario.internet.jitter));
  if (scenario.internet.delay != Quality{}.delay) add(" --delay ", in_ms(scenario.internet.delay));
  return command + " --pcap FILE";
}

}  // namespace stile::sim
