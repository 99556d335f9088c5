#pragma once

#include <optional>

#include "stile/base/bytes.hpp"

namespace stile::nat {

namespace tcp_flag {
inline constexpr std::uint8_t fin = 0x01;
inline constexpr std::uint8_t syn = 0x02;
inline constexpr std::uint8_t rst = 0x04;
inline constexpr std::uint8_t psh = 0x08;
inline constexpr std::uint8_t ack = 0x10;
inline constexpr std::uint8_t urg = 0x20;
inline constexpr std::uint8_t cwr = 0x80;  ///< RFC 3168 §6.1
}  // namespace tcp_flag

namespace tcp_option {
inline constexpr std::uint8_t end = 0;
inline constexpr std::uint8_t no_operation = 1;
inline constexpr std::uint8_t maximum_segment_size = 2;  ///< RFC 9293 §3.2
inline constexpr std::uint8_t window_scale = 3;          ///< RFC 7323 §2.2
inline constexpr std::uint8_t sack = 5;                  ///< RFC 2018 §3
}  // namespace tcp_option

/// RFC 793 §3.1:
///
///     0                   1                   2                   3
///     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |          Source Port          |       Destination Port        |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |                        Sequence Number                        |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |                    Acknowledgment Number                      |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |  Data |           |U|A|P|R|S|F|                               |
///    | Offset| Reserved  |R|C|S|S|Y|I|            Window             |
///    |       |           |G|K|H|T|N|N|                               |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |           Checksum            |         Urgent Pointer        |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
class TcpView {
 public:
  static constexpr std::size_t min_header = 20;
  static constexpr std::size_t checksum_at = 16;

  static std::optional<TcpView> parse(Bytes bytes) {
    if (bytes.size() < min_header) return std::nullopt;
    const TcpView view(bytes);
    if (view.header_length() < min_header || view.header_length() > bytes.size())
      return std::nullopt;
    return view;
  }

  std::uint16_t source_port() const { return load_u16(bytes_.data()); }
  std::uint16_t destination_port() const { return load_u16(bytes_.data() + 2); }
  std::uint32_t sequence() const { return load_u32(bytes_.data() + 4); }
  std::uint32_t acknowledgment() const { return load_u32(bytes_.data() + 8); }
  std::size_t header_length() const { return std::size_t{bytes_[12]} / 16 * 4; }
  std::uint8_t flags() const { return bytes_[13]; }
  bool has(std::uint8_t flag) const { return (flags() & flag) != 0; }
  std::uint16_t window() const { return load_u16(bytes_.data() + 14); }
  std::uint16_t checksum() const { return load_u16(bytes_.data() + 16); }
  Bytes options() const { return bytes_.subspan(min_header, header_length() - min_header); }
  Bytes payload() const { return bytes_.subspan(header_length()); }
  /// The first option of a kind, with its kind and length; empty if it is not there, or cut short.
  Bytes option(std::uint8_t kind) const;

 private:
  explicit TcpView(Bytes bytes) : bytes_(bytes) {}
  Bytes bytes_;
};

}  // namespace stile::nat
