#pragma once

#include <cstdint>

#include "stile/base/bytes.hpp"

namespace stile::nat {

/// The one's complement sum of 16-bit words (RFC 1071 §1), folded; `sum` carries an earlier part of
/// even length.
std::uint16_t ones_sum(Bytes bytes, std::uint32_t sum = 0);

/// What a transport's checksum covers beside it (RFC 768, RFC 8200 §8.1), without its complement.
/// `packet` begins with an IP header; `length` is the transport's.
std::uint16_t pseudo_header_sum(Bytes packet, std::uint8_t protocol, std::size_t length);

/// RFC 791 §3.1: over a header whose checksum field is zero. Over a header with its checksum it
/// gives 0 if that is right.
std::uint16_t internet_checksum(Bytes bytes);

/// UDP's and TCP's, with the pseudo header of RFC 768 (IPv4, addresses in host order).
std::uint16_t transport_checksum(std::uint32_t source, std::uint32_t destination,
                                 std::uint8_t protocol, Bytes segment);

/// Mends a checksum when words that it covers change: RFC 1624 §3, equation 3: HC' = ~(~HC + ~m +
/// m').
class ChecksumChange {
 public:
  constexpr void replace_u16(std::uint16_t before, std::uint16_t after) {
    sum_ += static_cast<std::uint16_t>(~before);
    sum_ += after;
  }
  constexpr void replace_u32(std::uint32_t before, std::uint32_t after) {
    replace_u16(static_cast<std::uint16_t>(before >> 16), static_cast<std::uint16_t>(after >> 16));
    replace_u16(static_cast<std::uint16_t>(before), static_cast<std::uint16_t>(after));
  }
  constexpr std::uint16_t applied_to(std::uint16_t checksum) const {
    std::uint32_t sum = sum_ + static_cast<std::uint16_t>(~checksum);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
  }

  /// The same value in one's complement, but never +0. Where the words covered may all be zero
  /// (ICMP), +0 would not verify; where zero means that there is no checksum (UDP), it must not
  /// come out.
  constexpr std::uint16_t nonzero_applied_to(std::uint16_t checksum) const {
    const std::uint16_t mended = applied_to(checksum);
    return mended == 0 ? 0xffff : mended;
  }

 private:
  std::uint32_t sum_ = 0;
};

}  // namespace stile::nat
