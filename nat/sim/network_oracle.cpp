#include "nat/sim/network_oracle.hpp"

#include <map>
#include <set>

namespace stile::sim {

namespace {

using nat::Behavior;

/// Addresses in the abstract.
enum Address : int {
  nobody,
  server,
  host_a,
  host_b,
  home_a,  ///< the outside of a's NAT
  home_b,
  carrier
};

struct Endpoint {
  int address = nobody;
  int port = 0;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// What of `remote` a behaviour looks at.
Endpoint seen_by(Behavior behavior, const Endpoint& remote) {
  switch (behavior) {
    case Behavior::endpoint_independent:
      return {};
    case Behavior::address_dependent:
      return {remote.address, 0};
    case Behavior::address_and_port_dependent:
      return remote;
  }
  return {};
}

/// A NAT by the definitions of RFC 4787 §4.1 and §5.
class AbstractNat {
 public:
  AbstractNat(int outside, const GatewaySpec& spec) : outside_(outside), spec_(spec) {}
  int outside() const { return outside_; }
  nat::Hairpin hairpin() const { return spec_.hairpin; }

  /// Where what `inside` sends to `remote` appears to come from.
  Endpoint out(const Endpoint& inside, const Endpoint& remote) {
    const auto key = std::pair(inside, seen_by(spec_.behavior.mapping, remote));
    const auto mapping = ports_.try_emplace(key, static_cast<int>(ports_.size()) + 1);
    const int port = mapping.first->second;
    insiders_[port] = inside;
    opened_.insert({port, seen_by(spec_.behavior.filtering, remote)});
    return {outside_, port};
  }

  /// Who gets what `remote` sends to the port.
  std::optional<Endpoint> in(int port, const Endpoint& remote) const {
    const auto inside = insiders_.find(port);
    if (inside == insiders_.end() ||
        !opened_.contains({port, seen_by(spec_.behavior.filtering, remote)}))
      return std::nullopt;
    return inside->second;
  }

 private:
  int outside_;
  GatewaySpec spec_;
  std::map<std::pair<Endpoint, Endpoint>, int> ports_;
  std::map<int, Endpoint> insiders_;
  std::set<std::pair<int, Endpoint>> opened_;
};

/// A packet on its way: who it is for by now, and who it seems to be from.
struct Packet {
  Endpoint from;
  Endpoint to;
};

class Network {
 public:
  explicit Network(const Scenario& scenario) {
    if (scenario.a) home_a_.emplace(home_a, *scenario.a);
    if (scenario.b) home_b_.emplace(home_b, *scenario.b);
    if (scenario.carrier) carrier_.emplace(carrier, *scenario.carrier);
  }

  /// What arrives at a host, or at the server, of what a host sends.
  std::optional<Packet> send(const Endpoint& from, const Endpoint& to) {
    Packet packet{from, to};
    auto& home = from.address == host_a ? home_a_ : home_b_;
    if (home) {
      if (to.address == home->outside()) return std::nullopt;  // to itself
      packet.from = home->out(from, to);
    }
    if (!carrier_) return arrive(packet, true);
    const bool stays = to.address == home_a || to.address == home_b ||
                       (to.address == host_a && !home_a_) || (to.address == host_b && !home_b_);
    if (stays) return arrive(packet, false);
    const Endpoint below = packet.from;
    packet.from = carrier_->out(below, to);
    if (to.address != carrier) return arrive(packet, true);
    if (carrier_->hairpin() == nat::Hairpin::off) return std::nullopt;
    const auto inside = carrier_->in(to.port, packet.from);
    if (!inside) return std::nullopt;
    if (carrier_->hairpin() == nat::Hairpin::internal) packet.from = below;
    packet.to = *inside;
    return arrive(packet, false);
  }

 private:
  /// On the Internet, or on the carrier's network.
  std::optional<Packet> arrive(Packet packet, bool internet) const {
    if (packet.to.address == server) return packet;
    if (internet && carrier_) return std::nullopt;  // nobody else is there
    for (const auto& [home, host] : {std::pair(&home_a_, host_a), std::pair(&home_b_, host_b)}) {
      if (!*home && packet.to.address == host) return packet;
      if (!*home || packet.to.address != (*home)->outside()) continue;
      const auto inside = (*home)->in(packet.to.port, packet.from);
      if (!inside) return std::nullopt;
      return Packet{packet.from, *inside};
    }
    return std::nullopt;
  }

  std::optional<AbstractNat> home_a_;
  std::optional<AbstractNat> home_b_;
  std::optional<AbstractNat> carrier_;
};

/// Ports may change for each destination, and peers go on learning endpoints that are of no use.
constexpr int rounds = 6;

bool direct_works(const Scenario& scenario) {
  Network network(scenario);
  const Endpoint hosts[] = {{host_a, 0}, {host_b, 0}};
  std::set<Endpoint> known[] = {{hosts[1]}, {hosts[0]}};
  if (scenario.server)
    for (const int i : {0, 1})
      if (const auto seen = network.send(hosts[i], {server, 0})) known[1 - i].insert(seen->from);
  for (int round = 0; round < rounds; ++round) {
    for (const int i : {0, 1}) {
      const std::set<Endpoint> targets = known[i];
      for (const Endpoint& target : targets) {
        const auto check = network.send(hosts[i], target);
        if (!check || check->to != hosts[1 - i]) continue;
        known[1 - i].insert(check->from);
        const auto answer = network.send(hosts[1 - i], check->from);
        if (answer && answer->to == hosts[i] && answer->from == target) return true;
      }
    }
  }
  return false;
}

}  // namespace

Path expected_path(const Scenario& scenario) {
  const bool relay = scenario.relay && scenario.server;
  if (direct_works(scenario)) return Path::direct;
  if (scenario.hard_nats && scenario.a && scenario.b && !scenario.carrier)
    return expected_path_by_guessing(scenario.a->behavior, scenario.b->behavior, relay);
  return relay ? Path::relay : Path::none;
}

}  // namespace stile::sim
