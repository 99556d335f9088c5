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
