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

void PortPool::take(std::uint16_t port) {
  if (!bits_) bits_ = std::make_unique<Bits>();
  bits_->taken[port / 64] |= std::uint64_t{1} << port % 64;
  note_word(port / 64);
}

void PortPool::release(std::uint16_t port) {
  bits_->taken[port / 64] &= ~(std::uint64_t{1} << port % 64);
  note_word(port / 64);
}

void PortPool::note_word(std::size_t word) {
  const std::uint64_t bit = std::uint64_t{1} << word % 64;
  for (const std::size_t odd : {0u, 1u}) {
    const std::uint64_t mask = mask_of(odd == 0 ? Parity::even : Parity::odd);
    std::uint64_t& full = bits_->full[odd][word / 64];
    full = (bits_->taken[word] & mask) == mask ? full | bit : full & ~bit;
  }
}

std::optional<std::uint16_t> PortPool::next_free(PortRange range, std::uint16_t start,
                                                 Parity parity) const {
  if (range.empty()) return std::nullopt;
  if (const auto port = first_free(start, range.last, parity)) return port;
  if (start == range.first) return std::nullopt;
  return first_free(range.first, start - 1u, parity);
}

std::optional<std::uint16_t> PortPool::first_free(std::uint32_t first, std::uint32_t last,
                                                  Parity parity) const {
  const auto free_in = [&](std::uint32_t word) {
    return ~(bits_ ? bits_->taken[word] : 0) & mask_of(parity);
  };
  std::uint32_t word = first / 64;
  std::uint64_t free = free_in(word) & ~std::uint64_t{0} << first % 64;
  if (free == 0) {
    word = next_word(word + 1, parity);
    if (word > last / 64) return std::nullopt;
    free = free_in(word);
  }
  const std::uint32_t port = word * 64 + static_cast<std::uint32_t>(std::countr_zero(free));
  if (port > last) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

/// The first word from this one on that has something free; behind the last if none has.
std::uint32_t PortPool::next_word(std::uint32_t from, Parity parity) const {
  std::uint64_t from_first = ~std::uint64_t{0} << from % 64;
  for (std::uint32_t i = from / 64; i < word_count / 64; ++i) {
    const std::uint64_t even = bits_ ? ~bits_->full[0][i] : ~std::uint64_t{0};
    const std::uint64_t odd = bits_ ? ~bits_->full[1][i] : ~std::uint64_t{0};
    const std::uint64_t wanted = parity == Parity::even  ? even
                                 : parity == Parity::odd ? odd
                                                         : even | odd;
    if ((wanted & from_first) != 0)
      return i * 64 + static_cast<std::uint32_t>(std::countr_zero(wanted & from_first));
    from_first = ~std::uint64_t{0};
  }
  return word_count;
}

}  // namespace stile::nat
