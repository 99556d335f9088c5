#pragma once

#include <optional>

#include "stile/base/bytes.hpp"

namespace stile::nat {

/// RFC 768:
///
///     0      7 8     15 16    23 24    31
///    +--------+--------+--------+--------+
///    |     Source      |   Destination   |
///    |      Port       |      Port       |
///    +--------+--------+--------+--------+
///    |     Length      |    Checksum     |
///    +--------+--------+--------+--------+
template <class Byte>
class BasicUdp {
 public:
  static constexpr std::size_t header_length = 8;
  static constexpr std::size_t checksum_at = 6;

  /// The header must be there; whether length() fits is the caller's to judge, as fragments and
  /// quotes are shorter.
  static std::optional<BasicUdp> parse(std::span<Byte> bytes) {
    if (bytes.size() < header_length) return std::nullopt;
    return BasicUdp(bytes);
  }

  std::uint16_t source_port() const { return load_u16(bytes_.data()); }
  std::uint16_t destination_port() const { return load_u16(bytes_.data() + 2); }
  std::uint16_t length() const { return load_u16(bytes_.data() + 4); }
  /// 0: the sender made none.
  std::uint16_t checksum() const { return load_u16(bytes_.data() + 6); }
  std::span<Byte> payload() const { return bytes_.subspan(header_length); }

 private:
  explicit BasicUdp(std::span<Byte> bytes) : bytes_(bytes) {}
  std::span<Byte> bytes_;
};

using UdpView = BasicUdp<const std::uint8_t>;

}  // namespace stile::nat
