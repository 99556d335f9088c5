#pragma once

#include <optional>

#include "nat/packet/checksum.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat {

namespace icmp_type {
inline constexpr std::uint8_t echo_reply = 0;
inline constexpr std::uint8_t destination_unreachable = 3;
inline constexpr std::uint8_t source_quench = 4;
inline constexpr std::uint8_t redirect = 5;
inline constexpr std::uint8_t echo = 8;
inline constexpr std::uint8_t time_exceeded = 11;
inline constexpr std::uint8_t parameter_problem = 12;
inline constexpr std::uint8_t timestamp = 13;
inline constexpr std::uint8_t timestamp_reply = 14;
}  // namespace icmp_type

namespace unreachable_code {
inline constexpr std::uint8_t host = 1;
inline constexpr std::uint8_t port = 3;
inline constexpr std::uint8_t fragmentation_needed = 4;
inline constexpr std::uint8_t administratively_prohibited = 13;
}  // namespace unreachable_code

/// RFC 792, the query form and the error form (with the length of RFC 4884 §4.1):
///
///     0                   1                   2                   3
///     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |     Type      |     Code      |          Checksum             |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |           Identifier          |        Sequence Number        |
///    +- - - - - - - - - - - - - - - or - - - - - - - - - - - - - - - +
///    |     unused    |    Length     |  Next-Hop MTU (3/4), unused   |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |     Data, or the datagram in error from its IPv4 header on    |
///    +-+-+-+-+-
template <class Byte>
class BasicIcmp {
 public:
  static constexpr std::size_t header_length = 8;

  static std::optional<BasicIcmp> parse(std::span<Byte> bytes) {
    if (bytes.size() < header_length) return std::nullopt;
    return BasicIcmp(bytes);
  }

  std::uint8_t type() const { return bytes_[0]; }
  std::uint8_t code() const { return bytes_[1]; }
  std::uint16_t checksum() const { return load_u16(bytes_.data() + 2); }
  std::uint16_t identifier() const { return load_u16(bytes_.data() + 4); }
  std::uint16_t sequence() const { return load_u16(bytes_.data() + 6); }
  std::uint16_t next_hop_mtu() const { return load_u16(bytes_.data() + 6); }
  std::span<Byte> bytes() const { return bytes_; }
  std::span<Byte> payload() const { return bytes_.subspan(header_length); }
  bool checksum_is_right() const { return internet_checksum(bytes_) == 0; }

  bool is_error() const {
    switch (type()) {
      case icmp_type::destination_unreachable:
      case icmp_type::source_quench:
      case icmp_type::redirect:
      case icmp_type::time_exceeded:
      case icmp_type::parameter_problem:
        return true;
      default:
        return false;
    }
  }
  bool is_query() const { return type() == icmp_type::echo || type() == icmp_type::timestamp; }
  bool is_query_reply() const {
    return type() == icmp_type::echo_reply || type() == icmp_type::timestamp_reply;
  }

  /// Of an error: the datagram in error without the padding and the extensions of RFC 4884 §4,
  /// which follow it.
  std::span<Byte> quoted_datagram() const {
    const bool may_be_extended = type() == icmp_type::destination_unreachable ||
                                 type() == icmp_type::time_exceeded ||
                                 type() == icmp_type::parameter_problem;
    const std::size_t length = std::size_t{bytes_[5]} * 4;
    if (!may_be_extended || length == 0 || length > payload().size()) return payload();
    return payload().first(length);
  }

 private:
  explicit BasicIcmp(std::span<Byte> bytes) : bytes_(bytes) {}
  std::span<Byte> bytes_;
};

using IcmpView = BasicIcmp<const std::uint8_t>;
using IcmpPacket = BasicIcmp<std::uint8_t>;

}  // namespace stile::nat
