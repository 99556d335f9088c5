#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>

namespace stile::nat {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 65535;

  bool empty() const { return first > last; }
  bool contains(std::uint16_t port) const { return port >= first && port <= last; }
  std::uint32_t size() const { return empty() ? 0 : std::uint32_t{last} - first + 1; }
};
inline PortRange intersection(PortRange a, PortRange b) {
  return {std::max(a.first, b.first), std::min(a.last, b.last)};
}

enum class Parity : std::uint8_t { any, even, odd };

/// Which ports (or ICMP identifiers) of one external address and protocol are taken. A free one is
/// found in so many steps however few there are.
class PortPool {
 public:
  bool taken(std::uint16_t port) const {
    return bits_ && (bits_->taken[port / 64] >> port % 64 & 1) != 0;
  }
  void take(std::uint16_t port);
  /// `port` is taken.
  void release(std::uint16_t port);

  /// The first free one from `start` on, going round within `range`; `start` lies in it.
  std::optional<std::uint16_t> next_free(PortRange range, std::uint16_t start, Parity parity) const;

 private:
  static constexpr std::size_t word_count = 65536 / 64;
  struct Bits {
    std::array<std::uint64_t, word_count> taken{};
    /// A bit for each word in which no even port, no odd port is free.
    std::array<std::array<std::uint64_t, word_count / 64>, 2> full{};
  };
  std::optional<std::uint16_t> first_free(std::uint32_t first, std::uint32_t last,
                                          Parity parity) const;
  std::uint32_t next_word(std::uint32_t from, Parity parity) const;
  void note_word(std::size_t word);

  std::unique_ptr<Bits> bits_;  ///< none before the first port is taken
};

}  // namespace stile::nat
