#pragma once

#include <functional>

#include "nat/grader/simulated_bed.hpp"

namespace stile::nat::grader {

/// The core, spoiled in a way that no configuration of it is.
class FaultyBed final : public TestBed {
 public:
  /// Sees a packet before the core does, may send others, and says whether this one goes on.
  using Entrance = std::function<bool(SimulatedBed& core, Side from, const ByteVector& packet)>;
  /// Sees a packet after the core, and may change it.
  using Exit = std::function<void(Side at, ByteVector& packet)>;

  FaultyBed(SimulatedBed& core, Entrance entrance, Exit exit = {})
      : core_(core), hosts_(core.hosts()), entrance_(std::move(entrance)), exit_(std::move(exit)) {}

  void leave_one_inside() { hosts_.inside.resize(1); }

  const Hosts& hosts() const override { return hosts_; }
  Instant now() const override { return core_.now(); }
  void send(Side from, ByteVector packet) override {
    if (!entrance_ || entrance_(core_, from, packet)) core_.send(from, std::move(packet));
  }
  std::optional<ByteVector> receive(Side at, Instant until) override {
    auto packet = core_.receive(at, until);
    if (packet && exit_) exit_(at, *packet);
    return packet;
  }
  void wait_until(Instant until) override { core_.wait_until(until); }
  Duration patience() const override { return core_.patience(); }
  std::optional<std::uint16_t> outside_mtu() const override { return core_.outside_mtu(); }

 private:
  SimulatedBed& core_;
  Hosts hosts_;
  Entrance entrance_;
  Exit exit_;
};

}  // namespace stile::nat::grader
