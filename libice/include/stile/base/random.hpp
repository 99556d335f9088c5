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
