#pragma once

#include <optional>

#include "nat/packet/checksum.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat {

/// RFC 791 §3.1, as it lies in a buffer:
///
///     0                   1                   2                   3
///     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |Version|  IHL  |Type of Service|          Total Length         |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |         Identification        |Flags|      Fragment Offset    |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |  Time to Live |    Protocol   |         Header Checksum       |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |                       Source Address                          |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |                    Destination Address                        |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |                    Options                    |    Padding    |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// Lengths are checked once, in parse(); the accessors trust them. Addresses are in host order.
template <class Byte>
class BasicIpv4 {
 public:
  using Span = std::span<Byte>;
  static constexpr std::size_t min_header = 20;

  /// Bytes after the total length (link-layer padding) are cut off.
  static std::optional<BasicIpv4> parse(Span bytes) {
    const auto view = parse_quoted(bytes);
    if (!view || view->total_length() > bytes.size()) return std::nullopt;
    return BasicIpv4(bytes.first(view->total_length()));
  }

  /// As it stands in an ICMP error: the header whole, the payload cut short.
  static std::optional<BasicIpv4> parse_quoted(Span bytes) {
    if (bytes.size() < min_header || bytes[0] >> 4 != 4) return std::nullopt;
    const BasicIpv4 view(bytes);
    if (view.header_length() < min_header || view.header_length() > bytes.size() ||
        view.total_length() < view.header_length())
      return std::nullopt;
    if (view.total_length() < bytes.size()) return BasicIpv4(bytes.first(view.total_length()));
    return view;
  }

  std::size_t header_length() const { return std::size_t{bytes_[0] & 0x0fu} * 4; }
  std::uint8_t tos() const { return bytes_[1]; }
  std::uint16_t total_length() const { return load_u16(at(2)); }
  std::uint16_t identification() const { return load_u16(at(4)); }
  bool dont_fragment() const { return (bytes_[6] & 0x40) != 0; }
  bool more_fragments() const { return (bytes_[6] & 0x20) != 0; }
  /// In bytes.
  std::size_t fragment_offset() const { return std::size_t{load_u16(at(6)) & 0x1fffu} * 8; }
  bool is_fragment() const { return (load_u16(at(6)) & 0x3fff) != 0; }
  std::uint8_t ttl() const { return bytes_[8]; }
  std::uint8_t protocol() const { return bytes_[9]; }
  std::uint16_t checksum() const { return load_u16(at(10)); }
  std::uint32_t source() const { return load_u32(at(12)); }
  std::uint32_t destination() const { return load_u32(at(16)); }
  Bytes options() const { return Bytes(bytes_).subspan(min_header, header_length() - min_header); }
  Span header() const { return bytes_.first(header_length()); }
  Span payload() const { return bytes_.subspan(header_length()); }
  Span bytes() const { return bytes_; }
  bool checksum_is_right() const { return internet_checksum(header()) == 0; }

  // The setters, for a packet that may be written, keep the header checksum right.
  void set_source(std::uint32_t address) const { replace_u32(12, address); }
  void set_destination(std::uint32_t address) const { replace_u32(16, address); }
  void set_identification(std::uint16_t id) const { replace_u16(4, id); }
  void set_total_length(std::uint16_t length) const { replace_u16(2, length); }
  /// `offset` in bytes, a multiple of 8. DF and the reserved bit are kept.
  void set_fragment(std::size_t offset, bool more) const {
    replace_u16(6, static_cast<std::uint16_t>((load_u16(at(6)) & 0xc000) | (more ? 0x2000 : 0) |
                                              offset / 8));
  }
  void set_ttl(std::uint8_t ttl) const {
    replace_u16(8, static_cast<std::uint16_t>(ttl << 8 | protocol()));
  }
  void decrement_ttl() const {
    replace_u16(8, static_cast<std::uint16_t>(load_u16(at(8)) - 0x100));
  }

 private:
  explicit BasicIpv4(Span bytes) : bytes_(bytes) {}
  Byte* at(std::size_t offset) const { return bytes_.data() + offset; }

  void replace_u16(std::size_t offset, std::uint16_t value) const {
    ChecksumChange change;
    change.replace_u16(load_u16(at(offset)), value);
    store_u16(at(offset), value);
    store_u16(at(10), change.applied_to(checksum()));
  }
  void replace_u32(std::size_t offset, std::uint32_t value) const {
    ChecksumChange change;
    change.replace_u32(load_u32(at(offset)), value);
    store_u32(at(offset), value);
    store_u16(at(10), change.applied_to(checksum()));
  }

  Span bytes_;
};

using Ipv4View = BasicIpv4<const std::uint8_t>;
using Ipv4Packet = BasicIpv4<std::uint8_t>;

namespace ip_protocol {
inline constexpr std::uint8_t icmp = 1;
inline constexpr std::uint8_t tcp = 6;
inline constexpr std::uint8_t udp = 17;
inline constexpr std::uint8_t dccp = 33;
inline constexpr std::uint8_t esp = 50;
inline constexpr std::uint8_t sctp = 132;
inline constexpr std::uint8_t udp_lite = 136;
}  // namespace ip_protocol

}  // namespace stile::nat
