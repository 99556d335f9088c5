#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace stile::nat {

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 65535;

  bool empty() const { return first > last; }
  bool contains(std::uint16_t port) const { return port >= first && port <= last; }
  std::uint32_t size() const { return empty() ? 0 : std::uint32_t{last} - first + 1; }
};

enum class Parity : std::uint8_t { any, even, odd };

/// Which ports (or ICMP identifiers) of one external address and protocol are taken.
class PortPool {
 public:
  bool taken(std::uint16_t port) const { return (word(port / 64) >> port % 64 & 1) != 0; }
  void take(std::uint16_t port) {
    words_.resize(65536 / 64);
    words_[port / 64] |= std::uint64_t{1} << port % 64;
  }
  /// `port` is taken.
  void release(std::uint16_t port) { words_[port / 64] &= ~(std::uint64_t{1} << port % 64); }

  /// The first free one from `start` on, going round within `range`; `start` lies in it.
  std::optional<std::uint16_t> next_free(PortRange range, std::uint16_t start, Parity parity) const;

 private:
  std::optional<std::uint16_t> first_free(std::uint32_t first, std::uint32_t last,
                                          Parity parity) const;

  std::uint64_t word(std::size_t i) const { return words_.empty() ? 0 : words_[i]; }

  std::vector<std::uint64_t> words_;  ///< none before the first port is taken
};

}  // namespace stile::nat
