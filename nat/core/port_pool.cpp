#include "nat/core/port_pool.hpp"

#include <bit>

namespace stile::nat {

namespace {

constexpr std::uint64_t mask_of(Parity parity) {
  switch (parity) {
    case Parity::any:
      return ~std::uint64_t{0};
    case Parity::even:
      return 0x5555555555555555u;
    case Parity::odd:
      return 0xaaaaaaaaaaaaaaaau;
  }
  return 0;
}

}  // namespace

std::optional<std::uint16_t> PortPool::next_free(PortRange range, std::uint16_t start,
                                                 Parity parity) const {
  if (range.empty()) return std::nullopt;
  if (const auto port = first_free(start, range.last, parity)) return port;
  if (start == range.first) return std::nullopt;
  return first_free(range.first, start - 1u, parity);
}

std::optional<std::uint16_t> PortPool::first_free(std::uint32_t first, std::uint32_t last,
                                                  Parity parity) const {
  std::uint64_t from_first = ~std::uint64_t{0} << first % 64;
  for (std::uint32_t i = first / 64; i <= last / 64; ++i) {
    const std::uint64_t free = ~word(i) & mask_of(parity) & from_first;
    from_first = ~std::uint64_t{0};
    if (free == 0) continue;
    const std::uint32_t port = i * 64 + static_cast<std::uint32_t>(std::countr_zero(free));
    if (port > last) return std::nullopt;
    return static_cast<std::uint16_t>(port);
  }
  return std::nullopt;
}

}  // namespace stile::nat
