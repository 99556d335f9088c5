#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "stile/base/bytes.hpp"

namespace stile {

enum class Family : std::uint8_t { ipv4, ipv6 };

/// An IP address. There is one representation: IPv4 is held as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2),
/// so an IPv4-mapped IPv6 address and the IPv4 address in it are the same value and no rule can
/// tell them apart.
class IpAddress {
 public:
  /// The unspecified IPv6 address, `::`.
  constexpr IpAddress() = default;

  static constexpr IpAddress v4(std::uint32_t host_order) {
    IpAddress address;
    address.bytes_[10] = address.bytes_[11] = 0xff;
    store_u32(address.bytes_.data() + 12, host_order);
    return address;
  }
  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    return v4(std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d);
  }
  static constexpr IpAddress v6(const std::array<std::uint8_t, 16>& bytes) {
    IpAddress address;
    address.bytes_ = bytes;
    return address;
  }
  /// 4 or 16 bytes in network order; anything else is nothing.
  static std::optional<IpAddress> from_bytes(Bytes bytes);
  /// `192.0.2.1`, `2001:db8::1`, `::ffff:192.0.2.1`; no brackets, no zone.
  static std::optional<IpAddress> parse(std::string_view text);

  constexpr bool is_v4() const {
    for (std::size_t i = 0; i < 10; ++i)
      if (bytes_[i] != 0) return false;
    return bytes_[10] == 0xff && bytes_[11] == 0xff;
  }
  constexpr bool is_v6() const { return !is_v4(); }
  constexpr Family family() const { return is_v4() ? Family::ipv4 : Family::ipv6; }

  /// Only for IPv4: the 32 bits in host order.
  constexpr std::uint32_t v4_bits() const { return load_u32(bytes_.data() + 12); }
  /// The 16 bytes of the IPv6 form (IPv4 in its mapped form).
  constexpr const std::array<std::uint8_t, 16>& v6_bytes() const { return bytes_; }
  /// 4 bytes for IPv4, 16 for IPv6, in network order; a view into this object.
  Bytes wire_bytes() const;

  bool is_unspecified() const;  ///< 0.0.0.0 or ::
  bool is_loopback() const;     ///< 127.0.0.0/8 or ::1
  bool is_link_local() const;   ///< 169.254.0.0/16 or fe80::/10
  bool is_multicast() const;    ///< 224.0.0.0/4 or ff00::/8

  std::string to_string() const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

/// An IP address and a port: the RFCs' "transport address" (RFC 8489 §5), without the transport.
struct TransportAddress {
  IpAddress ip;
  std::uint16_t port = 0;

  /// `192.0.2.1:3478`, `[2001:db8::1]:3478`.
  static std::optional<TransportAddress> parse(std::string_view text);
  std::string to_string() const;
  constexpr Family family() const { return ip.family(); }

  friend constexpr auto operator<=>(const TransportAddress&, const TransportAddress&) = default;
};

enum class Transport : std::uint8_t { udp, tcp, tls, dtls };

/// Carries bytes in order, not datagrams: messages need framing (RFC 8489 §6.2.2, RFC 8656 §12.5).
constexpr bool is_stream(Transport transport) {
  return transport == Transport::tcp || transport == Transport::tls;
}
/// Nobody speaks from a forged source address: TCP's handshake or DTLS's cookie has shown that
/// answers arrive there.
constexpr bool proves_source(Transport transport) {
  return transport != Transport::udp;
}

/// RFC 8656 §2: "5-tuple": client address and port, server address and port, transport.
struct FiveTuple {
  TransportAddress client;
  TransportAddress server;
  Transport transport = Transport::udp;
  friend constexpr auto operator<=>(const FiveTuple&, const FiveTuple&) = default;
};

/// A CIDR block. The bits after the length are zero.
class IpPrefix {
 public:
  /// `length` counts the bits of the address's own family (0-32 or 0-128). Host bits are cleared.
  IpPrefix(IpAddress address, unsigned length);
  /// `10.0.0.0/8`, `2001:db8::/32`, or a bare address for a block of one.
  static std::optional<IpPrefix> parse(std::string_view text);

  bool contains(const IpAddress& address) const;
  const IpAddress& address() const { return address_; }
  unsigned length() const;
  std::string to_string() const;
  friend auto operator<=>(const IpPrefix&, const IpPrefix&) = default;

 private:
  IpAddress address_;
  unsigned length_in_128_ = 0;
};

}  // namespace stile

template <>
struct std::hash<stile::IpAddress> {
  std::size_t operator()(const stile::IpAddress& address) const noexcept;
};
template <>
struct std::hash<stile::TransportAddress> {
  std::size_t operator()(const stile::TransportAddress& address) const noexcept;
};
template <>
struct std::hash<stile::FiveTuple> {
  std::size_t operator()(const stile::FiveTuple& five_tuple) const noexcept;
};
