#pragma once

#include <deque>
#include <optional>
#include <string>
#include <type_traits>

#include "nat/core/nat.hpp"
#include "nat/ipv6/error_rate.hpp"
#include "nat/ipv6/host_numbers.hpp"
#include "nat/ipv6/prefix64.hpp"
#include "nat/ipv6/translation.hpp"
#include "nat/ipv6/zero_checksum_reassembly.hpp"

namespace stile::nat {

struct Nat64Config {
  /// The IPv4 side: `external` is the pool, mapping and limits are as in NAT44. What stands for the
  /// inside is filled in; `forwards` (static entries of the Binding Information Base) lead to IPv6
  /// addresses.
  Config nat;
  Prefix64 prefix;
  IpAddress address;  ///< the NAT64's own IPv6 address: the source of its ICMPv6 errors
  std::uint16_t ipv6_mtu = 1500;
  std::uint16_t lowest_ipv6_mtu = 1280;  ///< RFC 7915 §4.1
};
std::optional<std::string> problem_with(const Nat64Config& config);

struct Nat64Counters {
  std::uint64_t to_ipv4 = 0;
  std::uint64_t to_ipv6 = 0;
  std::uint64_t icmp_errors_made = 0;
  std::uint64_t dropped_malformed = 0;
  std::uint64_t dropped_spoofed = 0;     ///< RFC 6146 §3.5: from inside, from the prefix
  std::uint64_t dropped_not_for_us = 0;  ///< not to the prefix
  std::uint64_t dropped_not_global = 0;  ///< RFC 6052 §3.1
  std::uint64_t dropped_protocol = 0;
  std::uint64_t dropped_untranslatable = 0;
  std::uint64_t dropped_host_limit = 0;
  std::uint64_t reassembled = 0;         ///< UDP without a checksum
  std::uint64_t dropped_reassembly = 0;  ///< such datagrams, given up
};

/// RFC 6146, stateful NAT64, in two steps: packets are translated between the families without
/// state (RFC 7915), IPv6 hosts having numbers in the form of IPv4 addresses, and what comes of
/// that passes an IPv4 NAT, which has the binding information bases, sessions and timers.
///
/// One input, drain, sleep: call one handle_... method, then take poll_command() and poll_event()
/// until empty, then sleep until poll_timeout(). Same inputs, same outputs, byte for byte.
class Nat64 {
 public:
  /// Throws std::invalid_argument with the line of problem_with() if there is one. `random`
  /// outlives the Nat64.
  Nat64(Nat64Config config, Random& random);

  /// From inside.
  void handle_ipv6_packet(Instant now, Bytes packet);
  /// From outside; translated where it lies first.
  void handle_ipv4_packet(Instant now, MutableBytes packet);
  void handle_timeout(Instant now);
  Instant poll_timeout() const;
  /// IPv6 packets for Side::inside, IPv4 packets for Side::outside.
  std::optional<Command> poll_command();
  std::optional<Event> poll_event();

  void set_external(Instant now, std::vector<IpAddress> external);
  void flush(Instant now);
  /// As Nat::reconfigure(), but for the static entries, which stay.
  void reconfigure(Instant now, const Config& wanted);
  /// As Nat::restore(), with the inside host's own address.
  bool restore(Instant now, const SessionInfo& session);
  /// What a host asks of the NAT itself (RFC 6887): `ask` is called with the NAT and the host's
  /// endpoint as the NAT knows it, and its answer is given. Nothing if there are too many hosts.
  template <class Ask>
  auto request(Instant now, const TransportAddress& inside, Ask&& ask) {
    advance(now);
    const auto number = hosts_.number_of(now_, inside.ip);
    std::optional<std::invoke_result_t<Ask, Nat&, TransportAddress>> answer;
    if (number) answer = ask(nat_, TransportAddress{IpAddress::v4(*number), inside.port});
    finish({});
    return answer;
  }
  const Nat& nat() const { return nat_; }
  const Nat64Config& config() const { return config_; }
  const Nat64Counters& counters() const { return counters_; }
  std::size_t host_count() const { return hosts_.size(); }
  /// As Nat::for_each_session(), with the inside hosts' own addresses.
  void for_each_session(Instant now, const std::function<void(const SessionInfo&)>& visit) const;
  /// As Nat::for_each_explicit(), likewise.
  void for_each_explicit(const std::function<void(const RequestedMapping&)>& visit) const;

 private:
  class Addresses;
  using Counter = std::uint64_t Nat64Counters::*;

  void advance(Instant now);
  std::optional<Counter> problem_with_packet(const Ipv6View& packet) const;
  void translate_from_inside(const Ipv6View& packet);
  void refuse(const Ipv6View& packet, Untranslatable reason);
  void send_error(const Ipv6View& about, const IcmpHead& head);
  void finish(const Verdict& verdict);
  void send(Side side, Bytes packet);
  void send_inside(Bytes ipv4_packet);
  void translate_to_inside(const Ipv4View& packet);
  void take_events();
  TransportAddress named(const TransportAddress& inside) const;
  static Config with_numbers(const Nat64Config& config, HostNumbers& hosts);

  Nat64Config config_;
  TranslationConfig translation_;
  HostNumbers hosts_;
  Nat nat_;
  Nat64Counters counters_;
  ErrorRate error_rate_;
  ZeroChecksumReassembly reassembly_;
  Instant now_{};
  std::uint16_t next_identification_;
  std::deque<Command> commands_;
  std::deque<Event> events_;
};

}  // namespace stile::nat
