#pragma once

#include <array>
#include <cstdint>

#include "stile/base/random.hpp"

namespace stile {

/// Takes from `source` much at a time, for those who ask for little and often: a call of OpenSSL
/// costs as much as a new NAT mapping. What it has handed out it does not keep. For one thread, and
/// for one side of a fork().
class BufferedRandom final : public Random {
 public:
  explicit BufferedRandom(Random& source) : source_(source) {}
  void fill(MutableBytes out) override;

 private:
  Random& source_;
  std::array<std::uint8_t, 4096> drawn_{};
  std::size_t next_ = drawn_.size();
};

}  // namespace stile
