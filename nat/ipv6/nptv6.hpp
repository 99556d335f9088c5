#pragma once

#include <deque>
#include <optional>

#include "nat/core/nat.hpp"
#include "nat/ipv6/error_rate.hpp"
#include "nat/ipv6/icmp_translation.hpp"
#include "nat/ipv6/prefix_mapping.hpp"
#include "nat/packet/ipv6.hpp"

namespace stile::nat {

struct Nptv6Config {
  IpPrefix internal;
  IpPrefix external;
  IpAddress inside_address;   ///< its own: the source of ICMPv6 errors to that side
  IpAddress outside_address;  ///< likewise
  std::uint16_t inside_mtu = 1500;
  std::uint16_t outside_mtu = 1500;
  std::size_t max_commands = 65536;
};
std::optional<std::string> problem_with(const Nptv6Config& config);

struct Nptv6Counters {
  std::uint64_t translated_outbound = 0;
  std::uint64_t translated_inbound = 0;
  std::uint64_t hairpinned = 0;
  std::uint64_t icmp_errors_made = 0;
  std::uint64_t dropped_malformed = 0;
  std::uint64_t dropped_not_for_us = 0;
  std::uint64_t dropped_subnet = 0;
  std::uint64_t dropped_interface = 0;
  std::uint64_t dropped_hop_limit = 0;
  std::uint64_t dropped_too_big = 0;
};

/// RFC 6296: prefixes are translated and nothing else; no state, no ports, every protocol.
///
/// One input, drain: call handle_packet(), then take poll_command() until empty. Same inputs, same
/// outputs, byte for byte.
class Nptv6 {
 public:
  /// Throws std::invalid_argument with the line of problem_with() if there is one.
  explicit Nptv6(Nptv6Config config);

  /// `packet` begins with the IPv6 header; it is translated where it lies.
  Verdict handle_packet(Instant now, Side from, MutableBytes packet);
  std::optional<Command> poll_command();

  const Nptv6Config& config() const { return config_; }
  const Nptv6Counters& counters() const { return counters_; }

 private:
  struct Ends {
    IpAddress source;
    IpAddress destination;
    Side out = Side::outside;
  };
  using Counter = std::uint64_t Nptv6Counters::*;
  using Mapped = std::expected<Ends, Unmapped>;

  Mapped ends_of(const Ipv6View& packet, Side from) const;
  Verdict refuse(const Ipv6View& packet, Side from, Unmapped why);
  bool can_go_out(const Ipv6View& packet, Side from, Side out);
  void translate_quote(const Ipv6Packet& packet, Side from) const;
  void send_error(const Ipv6View& about, Side toward, const IcmpHead& head);

  Nptv6Config config_;
  PrefixMapping mapping_;
  Nptv6Counters counters_;
  ErrorRate error_rate_{100, 50};
  Instant now_{};
  std::deque<Command> commands_;
};

}  // namespace stile::nat
