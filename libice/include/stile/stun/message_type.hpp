#pragma once

#include <array>
#include <compare>
#include <cstdint>

#include "stile/base/random.hpp"

namespace stile::stun {

inline constexpr std::uint32_t magic_cookie = 0x2112a442;  ///< RFC 8489 §5
inline constexpr std::size_t header_size = 20;             ///< RFC 8489 §5

/// RFC 8489 §5.
enum class Class : std::uint8_t {
  request = 0,
  indication = 1,
  success_response = 2,
  error_response = 3
};

/// RFC 8489 §18.2, RFC 8656 §17, RFC 6062 §6.1. Other values may come from the wire.
enum class Method : std::uint16_t {
  binding = 0x001,
  allocate = 0x003,
  refresh = 0x004,
  send = 0x006,
  data = 0x007,
  create_permission = 0x008,
  channel_bind = 0x009,
  connect = 0x00a,
  connection_bind = 0x00b,
  connection_attempt = 0x00c,
};

/// The method's twelve bits around the two bits of the class (RFC 8489 §5):
///
///      0                 1
///      2  3  4 5 6 7 8 9 0 1 2 3 4 5
///     +--+--+-+-+-+-+-+-+-+-+-+-+-+-+
///     |M |M |M|M|M|C|M|M|M|C|M|M|M|M|
///     |11|10|9|8|7|1|6|5|4|0|3|2|1|0|
///     +--+--+-+-+-+-+-+-+-+-+-+-+-+-+
constexpr std::uint16_t encode_message_type(Class message_class, Method method) {
  const auto m = static_cast<std::uint16_t>(method);
  const auto c = static_cast<std::uint16_t>(message_class);
  return static_cast<std::uint16_t>((m & 0xf) | (m & 0x70) << 1 | (m & 0xf80) << 2 | (c & 1) << 4 |
                                    (c & 2) << 7);
}
constexpr Class class_of(std::uint16_t type) {
  return static_cast<Class>((type >> 4 & 1) | (type >> 7 & 2));
}
constexpr Method method_of(std::uint16_t type) {
  return static_cast<Method>((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
}

/// 96 random bits that pair a response with its request (RFC 8489 §5).
struct TransactionId {
  std::array<std::uint8_t, 12> bytes{};
  static TransactionId make(Random& random) {
    TransactionId id;
    random.fill(id.bytes);
    return id;
  }
  friend constexpr auto operator<=>(const TransactionId&, const TransactionId&) = default;
};

}  // namespace stile::stun
