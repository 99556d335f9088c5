#include "nat/core/bindings.hpp"

namespace stile::nat {

/// Each server has a static mapping of its own, for what it sends; what comes in is dealt out by
/// the choice.
void Bindings::add_balancers(Instant now) {
  for (const Balancer& balancer : config_.balancers) {
    if (!balancer.external && config_.external.empty()) continue;
    const IpAddress& address = balancer.external ? *balancer.external : config_.external.front();
    if (!is_external(address.v4_bits())) continue;
    const Endpoint external{address.v4_bits(), balancer.external_port};
    if (choices_.find(flow_key(balancer.protocol, external))) continue;
    for (const Balancer::Server& server : balancer.servers)
      add_server(now, balancer, external, server);
    choices_.at(flow_key(balancer.protocol, external)) =
        static_cast<std::uint32_t>(choice_list_.size()) + 1;
    choice_list_.emplace_back(balancer, balancer_seed_);
  }
}

void Bindings::add_server(Instant now, const Balancer& balancer, Endpoint external,
                          const Balancer::Server& server) {
  Mapping mapping;
  mapping.protocol = balancer.protocol;
  mapping.inside = Endpoint{server.inside.ip.v4_bits(), server.inside.port};
  mapping.external = external;
  mapping.is_static = true;
  mapping.is_shared = true;
  mapping.follows_first = !balancer.external;
  if (mapping_with_inside(flow_key(mapping.protocol, mapping.inside)) != no_record)
    end_where(
        now,
        [&](const Mapping& other) {
          return other.protocol == mapping.protocol && Endpoint(other.inside) == mapping.inside;
        },
        EndReason::flushed);
  ports_.reserve(mapping.protocol, external);
  insert_mapping(mapping);
  ++forwards_;
}

/// Forgets where balancers were: the external addresses are others now.
void Bindings::forget_choices() {
  choices_.clear();
  choice_list_.clear();
}

std::optional<Endpoint> Bindings::server_for(Protocol protocol, Endpoint external,
                                             Endpoint client) const {
  const std::uint32_t* number = choices_.find(flow_key(protocol, external));
  return number ? choice_list_[*number - 1].server_for(client) : std::nullopt;
}

bool Bindings::is_balanced(Protocol protocol, Endpoint external) const {
  return choices_.find(flow_key(protocol, external)) != nullptr;
}

bool Bindings::set_server_well(Instant now, Endpoint server, bool is_well) {
  bool changed = false;
  for (ServerChoice& choice : choice_list_) changed |= choice.set_well(server, is_well);
  if (!changed || is_well) return changed;
  // Its clients begin anew elsewhere.
  mappings_.for_each([&](std::uint32_t number, const Mapping& mapping) {
    if (mapping.is_shared && Endpoint(mapping.inside) == server)
      end_sessions_of(number, EndReason::flushed, now);
  });
  return true;
}

}  // namespace stile::nat
