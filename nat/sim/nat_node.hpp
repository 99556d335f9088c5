#pragma once

#include <optional>

#include "nat/core/nat.hpp"
#include "nat/portmap/server.hpp"
#include "nat/sim/host.hpp"

namespace stile::sim {

/// The NAT core between two segments.
class NatNode {
 public:
  NatNode(World& world, const std::string& name, Segment& inside, Segment& outside,
          nat::Config config);
  /// Inside hosts may ask it for mappings from now on, at port 5351 of its inside address.
  void map_ports(const nat::portmap::Config& config);
  const nat::Nat& nat() const { return nat_; }

 private:
  void take(nat::Side from, ByteVector packet);
  void answer(const TransportAddress& client, Bytes request);
  void drain();
  Segment& segment(nat::Side side) { return side == nat::Side::inside ? inside_ : outside_; }

  World& world_;
  Segment& inside_;
  Segment& outside_;
  SeededRandom random_;
  nat::Nat nat_;
  std::optional<Host> router_;
  std::optional<nat::portmap::Server> port_mapper_;
  Alarm alarm_;
};

}  // namespace stile::sim
