#pragma once

#include "nat/core/nat.hpp"
#include "nat/sim/segment.hpp"

namespace stile::sim {

/// The NAT core between two segments.
class NatNode {
 public:
  NatNode(World& world, const std::string& name, Segment& inside, Segment& outside,
          nat::Config config);
  const nat::Nat& nat() const { return nat_; }

 private:
  void take(nat::Side from, ByteVector packet);
  void drain();
  Segment& segment(nat::Side side) { return side == nat::Side::inside ? inside_ : outside_; }

  World& world_;
  Segment& inside_;
  Segment& outside_;
  SeededRandom random_;
  nat::Nat nat_;
  Alarm alarm_;
};

}  // namespace stile::sim
