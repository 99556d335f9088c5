#pragma once

#include <deque>
#include <optional>
#include <string>

#include "nat/core/nat.hpp"
#include "nat/ipv6/error_rate.hpp"
#include "nat/ipv6/prefix64.hpp"
#include "nat/ipv6/translation.hpp"

namespace stile::nat {

struct ClatConfig {
  Prefix64 prefix;         ///< of the PLAT: what IPv4 destinations become
  Prefix64 own_prefix;     ///< of this CLAT: what the inside hosts' IPv4 addresses become
  IpAddress ipv4_address;  ///< its own inside: the source of its ICMP errors
  IpAddress ipv6_address;  ///< its own outside: the source of its ICMPv6 errors
  LinkMtus mtus;
  std::uint16_t lowest_ipv6_mtu = 1280;  ///< RFC 7915 §4.1
  std::size_t max_commands = 65536;
};
std::optional<std::string> problem_with(const ClatConfig& config);

struct ClatCounters {
  std::uint64_t to_ipv4 = 0;
  std::uint64_t to_ipv6 = 0;
  std::uint64_t icmp_errors_made = 0;
  std::uint64_t dropped_malformed = 0;
  std::uint64_t dropped_not_for_us = 0;
  std::uint64_t dropped_ttl = 0;
  std::uint64_t dropped_too_big = 0;
  std::uint64_t dropped_untranslatable = 0;
};

/// RFC 6877 §6.3, the customer side of 464XLAT: IPv4 inside, IPv6 outside, stateless by RFC 7915.
/// The other side is any NAT64.
///
/// One input, drain: call one handle_... method, then take poll_command() until empty. Same inputs,
/// same outputs, byte for byte.
class Clat {
 public:
  /// Throws std::invalid_argument with the line of problem_with() if there is one.
  explicit Clat(ClatConfig config);

  /// From inside.
  void handle_ipv4_packet(Instant now, Bytes packet);
  /// From outside.
  void handle_ipv6_packet(Instant now, Bytes packet);
  /// IPv4 packets for Side::inside, IPv6 packets for Side::outside.
  std::optional<Command> poll_command();

  const ClatConfig& config() const { return config_; }
  const ClatCounters& counters() const { return counters_; }

 private:
  class Addresses;
  using Counter = std::uint64_t ClatCounters::*;

  bool can_go_out(const Ipv4View& packet);
  bool can_come_in(const Ipv6View& packet);
  void answer_inside(const Ipv4View& about, std::uint8_t type, std::uint8_t code,
                     std::uint32_t rest);
  void answer_outside(const Ipv6View& about, const IcmpHead& head);
  void refuse(const Ipv6View& packet, Untranslatable reason);
  void send(Side side, ByteVector packet);

  ClatConfig config_;
  TranslationConfig translation_;
  ClatCounters counters_;
  ErrorRate error_rate_{100, 50};
  Instant now_{};
  std::uint16_t next_identification_ = 0;
  std::deque<Command> commands_;
};

}  // namespace stile::nat
