#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "stile/base/bytes.hpp"

namespace stile {

/// Where a core takes its random numbers from; given at construction, outlives the core.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableBytes out) = 0;

  std::uint32_t u32();
  std::uint64_t u64();
  /// Uniform in [0, bound). `bound` is not 0.
  std::uint32_t below(std::uint32_t bound);
  /// Uniform in [0, 1).
  double unit();
  /// `length` characters of ice-char (RFC 8839 §5.4), 6 bits each.
  std::string ice_chars(std::size_t length);
};

/// Cryptographic randomness from the system, through OpenSSL. Aborts if there is none.
class SystemRandom final : public Random {
 public:
  void fill(MutableBytes out) override;
};

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

/// The simulator's: the same seed gives the same numbers on every machine (xoshiro256**). Never for
/// the network.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(MutableBytes out) override;

 private:
  std::uint64_t next();
  std::array<std::uint64_t, 4> state_;
};

}  // namespace stile
