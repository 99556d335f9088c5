#pragma once

#include <deque>

#include "nat/core/nat.hpp"
#include "nat/grader/test_bed.hpp"

namespace stile::nat::grader {

/// The core with two hosts inside and two outside, in virtual time.
class SimulatedBed final : public TestBed {
 public:
  /// Addresses and MTUs of `config` are this bed's. `random` outlives it.
  SimulatedBed(Config config, Random& random);

  const Hosts& hosts() const override { return hosts_; }
  Instant now() const override { return now_; }
  void send(Side from, ByteVector packet) override;
  std::optional<ByteVector> receive(Side at, Instant until) override;
  void wait_until(Instant until) override;
  Duration patience() const override { return std::chrono::milliseconds(100); }
  std::optional<std::uint16_t> outside_mtu() const override;

 private:
  void drain();
  std::deque<ByteVector>& arrived(Side at) { return arrived_[static_cast<std::size_t>(at)]; }

  Hosts hosts_;
  Nat nat_;
  Instant now_{std::chrono::hours(1)};
  std::deque<ByteVector> arrived_[2];
};

}  // namespace stile::nat::grader
