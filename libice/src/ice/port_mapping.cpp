#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

/// Of each UDP socket; what the routers answer becomes server-reflexive candidates, since peers
/// reach the socket by them as by what a STUN server has seen.
void Agent::Impl::map_port(Instant now, std::size_t socket) {
  if (config.lite || config.policy == Policy::relay) return;
  for (const TransportAddress& router : config.port_mapping_routers) {
    if (router.family() != sockets[socket].local.family()) continue;
    const auto index = port_mapping_at(socket, router).value_or(port_mappings.size());
    if (index == port_mappings.size())
      port_mappings.push_back(std::make_unique<PortMapping>(PortMapping{
          socket,
          {++last_request.value},
          portmap::RouterMapping({.router = router, .internal = sockets[socket].local}, random)}));
    PortMapping& mapped = *port_mappings[index];
    const auto external = mapped.mapping.external();  // from before a restart
    mapped.settled = external.has_value();
    if (external) add_mapped_candidate(mapped, *external);
    mapped.mapping.request(now);
    drain_port_mapping(now, mapped);
  }
}

std::optional<std::size_t> Agent::Impl::port_mapping_at(std::size_t socket,
                                                        const TransportAddress& router) const {
  for (std::size_t i = 0; i < port_mappings.size(); ++i)
    if (port_mappings[i]->socket == socket && port_mappings[i]->mapping.config().router == router)
      return i;
  return std::nullopt;
}

void Agent::Impl::ask_router(PortMapping& mapped) {
  const Socket& socket = sockets[mapped.socket];
  while (auto transmit = mapped.mapping.poll_transmit())
    commands.push_back(SendDatagram{socket.id, transmit->to, std::move(transmit->bytes)});
  while (auto request = mapped.mapping.poll_request())
    commands.push_back(AskRouter{mapped.id, socket.local.ip, std::move(*request)});
}

void Agent::Impl::drain_port_mapping(Instant now, PortMapping& mapped) {
  ask_router(mapped);
  while (const auto event = mapped.mapping.poll_event()) {
    mapped.settled = true;
    if (const auto* found = std::get_if<portmap::Mapped>(&*event))
      add_mapped_candidate(mapped, found->external);
    else
      server_failed(mapped.mapping.config().router, std::get<portmap::Lost>(*event).reason);
  }
  finish_gathering_if_done(now);
}

void Agent::Impl::add_mapped_candidate(const PortMapping& mapped,
                                       const TransportAddress& external) {
  add_local_candidate(CandidateType::server_reflexive, external, {mapped.socket, {}},
                      last_server_number, mapped.mapping.config().router.ip);
}

void Agent::Impl::handle_port_mapping_timeouts(Instant now) {
  for (std::size_t i = 0; i < port_mappings.size(); ++i) {
    port_mappings[i]->mapping.handle_timeout(now);
    drain_port_mapping(now, *port_mappings[i]);
  }
}

/// True if the datagram is a router's answer.
bool Agent::Impl::take_router_answer(Instant now, std::size_t socket, const TransportAddress& from,
                                     Bytes datagram) {
  const auto found = std::ranges::find_if(port_mappings, [&](const auto& each) {
    return each->socket == socket && each->mapping.expects(from, datagram);
  });
  if (found == port_mappings.end()) return false;
  (*found)->mapping.handle_datagram(now, from, datagram);
  drain_port_mapping(now, **found);
  return true;
}

void Agent::Impl::take_router_answer(Instant now, RequestId id,
                                     const portmap::HttpOutcome& outcome) {
  const auto found = std::ranges::find(port_mappings, id, &PortMapping::id);
  if (found == port_mappings.end()) return;
  (*found)->mapping.handle_answer(now, outcome);
  drain_port_mapping(now, **found);
}

/// The socket's mappings are given back before it is closed.
void Agent::Impl::unmap_port(std::size_t socket) {
  for (const auto& each : port_mappings) {
    if (each->socket != socket) continue;
    each->mapping.close();
    ask_router(*each);
  }
  std::erase_if(port_mappings, [&](const auto& each) { return each->socket == socket; });
}

/// Ports of the router that nobody comes by are open to everybody for nothing.
void Agent::Impl::unmap_unused_ports() {
  for (std::size_t socket = 0; socket < sockets.size(); ++socket) {
    const bool used = std::ranges::any_of(checklists.pairs(), [&](const CandidatePair& pair) {
      return locals[pair.local].base == Base{socket, {}} && pair.valid;
    });
    const bool kept = std::ranges::any_of(components, [&](const Component& each) {
      return each.former && each.former->base == Base{socket, {}};
    });
    if (!used && !kept) unmap_port(socket);
  }
}

}  // namespace stile::ice
