#include "nat/core/balancer.hpp"

#include <algorithm>

#include "nat/core/config.hpp"

namespace stile::nat {

namespace {

constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
  x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
  return x ^ x >> 32;
}

Endpoint endpoint_of(const TransportAddress& address) {
  return {address.ip.v4_bits(), address.port};
}

std::optional<std::string> problem_with_one(const Config& config, const Balancer& balancer) {
  if (balancer.external_port == 0) return "a port is 0";
  if (balancer.servers.empty()) return "there is no server";
  if (balancer.external &&
      std::ranges::find(config.external, *balancer.external) == config.external.end())
    return balancer.external->to_string() + " is not among the external addresses";
  for (const Balancer::Server& server : balancer.servers) {
    if (!server.inside.ip.is_v4() || server.inside.ip.is_unspecified() || server.inside.port == 0)
      return server.inside.to_string() + " is not an IPv4 unicast address with a port";
    if (server.weight == 0 || server.weight > 100) return "a weight is not between 1 and 100";
    if (std::ranges::count(balancer.servers, server.inside, &Balancer::Server::inside) > 1)
      return server.inside.to_string() + " is given twice";
  }
  return std::nullopt;
}

bool has_port(const Forward& forward, const Balancer& balancer) {
  return forward.protocol == balancer.protocol && balancer.external_port >= forward.external_port &&
         balancer.external_port < forward.external_port + forward.count;
}

std::optional<std::string> problem_with_port(const Config& config, const Balancer& balancer) {
  for (const Forward& forward : config.forwards)
    if (has_port(forward, balancer)) return "the port is that of forward " + to_string(forward);
  for (const Balancer& other : config.balancers) {
    if (&other == &balancer || other.protocol != balancer.protocol) continue;
    if (other.external_port == balancer.external_port) return "the port is given twice";
    for (const Balancer::Server& server : balancer.servers)
      if (std::ranges::count(other.servers, server.inside, &Balancer::Server::inside) != 0)
        return server.inside.to_string() + " serves " + to_string(other) + ", too";
  }
  return std::nullopt;
}

}  // namespace

std::string to_string(const Balancer& balancer) {
  std::string text = std::string(name_of(balancer.protocol)) + ":";
  if (balancer.external) text += balancer.external->to_string() + ":";
  text += std::to_string(balancer.external_port);
  char separator = '=';
  for (const Balancer::Server& server : balancer.servers) {
    text += separator + server.inside.to_string();
    if (server.weight != 1) text += "*" + std::to_string(server.weight);
    separator = ',';
  }
  return text;
}

std::optional<std::string> problem_with_balancers(const Config& config) {
  for (const Balancer& balancer : config.balancers) {
    auto problem = problem_with_one(config, balancer);
    if (!problem) problem = problem_with_port(config, balancer);
    if (problem) return "balance " + to_string(balancer) + ": " + *problem;
  }
  return std::nullopt;
}

ServerChoice::ServerChoice(const Balancer& balancer, std::uint64_t seed)
    : balancer_(balancer), seed_(seed), well_(balancer.servers.size(), true) {}

std::optional<Endpoint> ServerChoice::server_for(Endpoint client) const {
  std::optional<std::size_t> best;
  std::uint64_t best_score = 0;
  for (std::size_t i = 0; i < well_.size(); ++i) {
    if (!well_[i]) continue;
    const std::uint64_t its = score(client, i);
    if (!best || its > best_score) best = i, best_score = its;
  }
  if (!best) return std::nullopt;
  return endpoint_of(balancer_.servers[*best].inside);
}

/// The best of as many draws as the server has weight.
std::uint64_t ServerChoice::score(Endpoint client, std::size_t server) const {
  const bool by_flow = balancer_.sticky == Balancer::Sticky::flow;
  const std::uint64_t who =
      std::uint64_t{client.address} << 16 | (by_flow ? client.port : std::uint16_t{0});
  const Endpoint inside = endpoint_of(balancer_.servers[server].inside);
  const std::uint64_t where = std::uint64_t{inside.address} << 16 | inside.port;
  const std::uint64_t base = mix(mix(who ^ seed_) + where);
  std::uint64_t best = 0;
  for (std::uint64_t draw = 0; draw < balancer_.servers[server].weight; ++draw)
    best = std::max(best, mix(base + draw * 0x9e3779b97f4a7c15u));
  return best;
}

bool ServerChoice::set_well(Endpoint server, bool is_well) {
  for (std::size_t i = 0; i < well_.size(); ++i) {
    if (endpoint_of(balancer_.servers[i].inside) != server || well_[i] == is_well) continue;
    well_[i] = is_well;
    return true;
  }
  return false;
}

}  // namespace stile::nat
