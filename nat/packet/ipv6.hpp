#pragma once

#include <algorithm>
#include <optional>

#include "nat/packet/checksum.hpp"
#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat {

namespace ipv6_header {
inline constexpr std::uint8_t hop_by_hop = 0;
inline constexpr std::uint8_t routing = 43;
inline constexpr std::uint8_t fragment = 44;
inline constexpr std::uint8_t icmpv6 = 58;
inline constexpr std::uint8_t none = 59;
inline constexpr std::uint8_t destination_options = 60;
}  // namespace ipv6_header

/// RFC 8200 §3, as it lies in a buffer:
///
///     0                   1                   2                   3
///     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |Version| Traffic Class |           Flow Label                  |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |         Payload Length        |  Next Header  |   Hop Limit   |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |                    Source Address (16 bytes)                  |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///    |                  Destination Address (16 bytes)               |
///    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///
/// Lengths are checked once, in parse(); the accessors trust them.
template <class Byte>
class BasicIpv6 {
 public:
  using Span = std::span<Byte>;
  static constexpr std::size_t header_length = 40;

  /// Bytes after the payload length (link-layer padding) are cut off.
  static std::optional<BasicIpv6> parse(Span bytes) {
    const auto view = parse_quoted(bytes);
    if (!view || view->total_length() > bytes.size()) return std::nullopt;
    return view;
  }
  /// As it stands in an ICMPv6 error: the header whole, the payload cut short.
  static std::optional<BasicIpv6> parse_quoted(Span bytes) {
    if (bytes.size() < header_length || bytes[0] >> 4 != 6) return std::nullopt;
    const BasicIpv6 view(bytes);
    return BasicIpv6(bytes.first(std::min(bytes.size(), view.total_length())));
  }

  std::uint8_t traffic_class() const {
    return static_cast<std::uint8_t>(load_u16(at(0)) >> 4 & 0xff);
  }
  std::uint32_t flow_label() const { return load_u32(at(0)) & 0xfffff; }
  std::size_t payload_length() const { return load_u16(at(4)); }
  std::size_t total_length() const { return header_length + payload_length(); }
  std::uint8_t next_header() const { return bytes_[6]; }
  std::uint8_t hop_limit() const { return bytes_[7]; }
  IpAddress source() const { return address_at(8); }
  IpAddress destination() const { return address_at(24); }
  Span payload() const { return bytes_.subspan(header_length); }
  Span bytes() const { return bytes_; }

  void set_hop_limit(std::uint8_t limit) const { bytes_[7] = limit; }
  // No checksum of this header's covers the addresses; those of transports do.
  void set_source(const IpAddress& address) const { store_address(8, address); }
  void set_destination(const IpAddress& address) const { store_address(24, address); }

 private:
  explicit BasicIpv6(Span bytes) : bytes_(bytes) {}
  Byte* at(std::size_t offset) const { return bytes_.data() + offset; }
  IpAddress address_at(std::size_t offset) const {
    return *IpAddress::from_bytes(Bytes(bytes_).subspan(offset, 16));
  }
  void store_address(std::size_t offset, const IpAddress& address) const {
    std::ranges::copy(address.v6_bytes(), at(offset));
  }

  Span bytes_;
};

using Ipv6View = BasicIpv6<const std::uint8_t>;
using Ipv6Packet = BasicIpv6<std::uint8_t>;

/// RFC 8200 §4.5
struct Ipv6FragmentHeader {
  std::size_t offset = 0;  ///< of its piece, in bytes
  bool more = false;
  std::uint32_t identification = 0;
};

/// What stands behind the extension headers.
struct Ipv6Payload {
  std::uint8_t protocol = ipv6_header::none;
  std::size_t at = 0;  ///< from the beginning of the packet
  std::optional<Ipv6FragmentHeader> fragment;
  /// RFC 8200 §4.4: of a Routing header that has not done its work, where Segments Left is.
  std::optional<std::size_t> segments_left_at;
  /// An extension header stands behind the Fragment header.
  bool has_header_in_fragment = false;

  bool is_first() const { return !fragment || fragment->offset == 0; }
};

/// Steps over Hop-by-Hop Options, Destination Options, Routing and Fragment headers. Nothing if one
/// of them is cut short.
std::optional<Ipv6Payload> find_payload(const Ipv6View& packet);

/// UDP's, TCP's and ICMPv6's, with the pseudo header of RFC 8200 §8.1.
std::uint16_t transport_checksum(const IpAddress& source, const IpAddress& destination,
                                 std::uint8_t protocol, Bytes segment);

}  // namespace stile::nat
