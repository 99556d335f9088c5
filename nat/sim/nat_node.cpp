#include "nat/sim/nat_node.hpp"

namespace stile::sim {

NatNode::NatNode(World& world, const std::string& name, Segment& inside, Segment& outside,
                 nat::Config config)
    : world_(world),
      inside_(inside),
      outside_(outside),
      random_(world.random_for("nat " + name)),
      nat_(config, random_),
      alarm_(
          world, [this] { return nat_.poll_timeout(); },
          [this] {
            nat_.handle_timeout(world_.now());
            drain();
          }) {
  inside.attach_default([this](ByteVector packet) { take(nat::Side::inside, std::move(packet)); });
  for (const IpAddress& address : config.external)
    outside.attach(address,
                   [this](ByteVector packet) { take(nat::Side::outside, std::move(packet)); });
}

void NatNode::map_ports(const nat::portmap::Config& config) {
  port_mapper_.emplace(config, nat_, world_.now());
  const TransportAddress own{nat_.config().inside_address, nat::portmap::server_port};
  router_.emplace(inside_, own.ip);
  router_->bind(own, [this](const TransportAddress& client, MutableBytes request) {
    answer(client, request);
  });
}

void NatNode::answer(const TransportAddress& client, Bytes request) {
  const TransportAddress own{nat_.config().inside_address, nat::portmap::server_port};
  if (const auto response = port_mapper_->handle_datagram(world_.now(), client, request))
    router_->send(own, client, *response);
  drain();
}

void NatNode::take(nat::Side from, ByteVector packet) {
  const nat::Verdict verdict = nat_.handle_packet(world_.now(), from, packet);
  if (verdict.action == nat::Action::send_inside) inside_.send(verdict.packet);
  if (verdict.action == nat::Action::send_outside) outside_.send(verdict.packet);
  drain();
}

void NatNode::drain() {
  while (const auto command = nat_.poll_command()) segment(command->side).send(command->packet);
  while (nat_.poll_event()) {
  }
  alarm_.plan();
}

}  // namespace stile::sim
