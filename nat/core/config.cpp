#include "nat/core/config.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "nat/core/deterministic_ports.hpp"

namespace stile::nat {

namespace {

std::optional<std::string> problem_with_addresses(const Config& config) {
  if (config.external.empty()) return "at least one external address is needed";
  for (const IpAddress& address : config.external) {
    if (!address.is_v4() || address.is_unspecified() || address.is_multicast() ||
        address.is_loopback())
      return "external address " + address.to_string() + " is not an IPv4 unicast address";
    if (address == config.inside_address)
      return "external address " + address.to_string() + " is the inside address too";
  }
  std::vector<IpAddress> sorted = config.external;
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
    return "external address " + twice->to_string() + " is given twice";
  if (!config.inside_address.is_unspecified() && !config.inside_address.is_v4())
    return "inside address " + config.inside_address.to_string() + " is not IPv4";
  return std::nullopt;
}

std::optional<std::string> problem_with_shares(const Config& config) {
  if (config.subscribers.size() == 0) return "deterministic ports need a range of subscribers";
  if (config.block_size == 0 || config.blocks_per_host == 0) return "a block of ports is empty";
  if (DeterministicPorts(config).ports_per_subscriber() == 0)
    return "there are more subscribers than ports for them";
  return std::nullopt;
}

std::optional<std::string> problem_with_ports(const Config& config) {
  if (config.port_min == 0) return "external ports begin at 1";
  if (config.port_min > config.port_max) return "the port range is empty";
  if (config.ports == PortAssignment::none && (config.port_min != 1 || config.port_max != 65535))
    return "ports that are not translated cannot be kept within a port range";
  if (config.ports == PortAssignment::overload &&
      (config.mapping != Behavior::address_and_port_dependent ||
       config.filtering != Behavior::address_and_port_dependent ||
       config.mapping_for(Protocol::tcp) != Behavior::address_and_port_dependent ||
       config.filtering_for(Protocol::tcp) != Behavior::address_and_port_dependent))
    return "overloaded ports need mapping and filtering that depend on address and port";
  if (config.ports == PortAssignment::deterministic) return problem_with_shares(config);
  if (config.sequential_step == 0) return "a sequence of ports has the step 0";
  if (config.ports != PortAssignment::block) return std::nullopt;
  const int ports = config.port_max - std::max<int>(config.port_min, 1024) + 1;
  if (config.block_size == 0 || config.blocks_per_host == 0) return "a block of ports is empty";
  if (config.block_size > ports) return "a block has more ports than the port range above 1023";
  return std::nullopt;
}

std::optional<std::string> problem_with_limits(const Config& config) {
  const std::array<std::pair<std::size_t, const char*>, 10> limits{{
      {config.max_mappings, "max_mappings"},
      {config.max_sessions, "max_sessions"},
      {config.max_events, "max_events"},
      {config.max_commands, "max_commands"},
      {config.max_fragmented_datagrams, "max_fragmented_datagrams"},
      {config.icmp_errors_per_second, "icmp_errors_per_second"},
      {config.icmp_error_burst, "icmp_error_burst"},
      {config.block_size, "block_size"},
      {config.max_fragments_per_datagram, "max_fragments_per_datagram"},
      {config.max_filters_per_mapping, "max_filters_per_mapping"},
  }};
  for (const auto& [limit, name] : limits)
    if (limit == 0) return std::string(name) + " is 0";
  constexpr std::size_t most_records = 1u << 31;  // their numbers have 32 bits
  if (config.max_mappings > most_records) return "max_mappings is above 2147483648";
  if (config.max_sessions > most_records) return "max_sessions is above 2147483648";
  if (config.icmp_errors_per_second > 1'000'000) return "icmp_errors_per_second is above a million";
  return std::nullopt;
}

constexpr bool is_sensible(Duration time) {
  return time > Duration::zero() && time <= std::chrono::hours(24 * 365);
}

std::optional<std::string> problem_with_times(const Config& config) {
  const std::array<std::pair<Duration, const char*>, 7> times{{
      {config.udp_timeout, "udp_timeout"},
      {config.icmp_timeout, "icmp_timeout"},
      {config.tcp_established_timeout, "tcp_established_timeout"},
      {config.tcp_opening_timeout, "tcp_opening_timeout"},
      {config.tcp_closing_timeout, "tcp_closing_timeout"},
      {config.syn_hold, "syn_hold"},
      {config.fragment_timeout, "fragment_timeout"},
  }};
  for (const auto& [time, name] : times)
    if (!is_sensible(time)) return std::string(name) + " is not between 1 us and a year";
  for (const PortTimeout& each : config.udp_port_timeouts) {
    if (!is_sensible(each.timeout)) return "a UDP port's timeout is not between 1 us and a year";
    // RFC 4787 REQ-5a allows it for no others.
    if (each.port > 1023) return "a UDP port's timeout is for ports up to 1023 only";
  }
  if (config.udp_unanswered_timeout && !is_sensible(*config.udp_unanswered_timeout))
    return "udp_unanswered_timeout is not between 1 us and a year";
  if (config.rebind_every != Duration::zero() && !is_sensible(config.rebind_every))
    return "rebind_every is not between 1 us and a year";
  if (config.port_hold < Duration::zero() || config.port_hold > std::chrono::hours(24))
    return "port_hold is above a day";
  return std::nullopt;
}

/// What asks for the remote endpoints of UDP.
std::optional<std::string> problem_without_sessions(const Config& config) {
  if (config.udp_sessions) return std::nullopt;
  if (config.mapping != Behavior::endpoint_independent ||
      config.filtering != Behavior::endpoint_independent)
    return "UDP without sessions needs endpoint-independent mapping and filtering";
  const std::array<std::pair<bool, const char*>, 7> askers{{
      {config.session_events, "a log of sessions"},
      {!config.udp_port_timeouts.empty(), "a UDP port's timeout"},
      {config.udp_unanswered_timeout.has_value(), "a timeout of unanswered UDP"},
      {config.evict_oldest, "eviction of the oldest session"},
      {config.icmp_errors == IcmpErrors::end_session, "an ICMP error that ends a session"},
      {config.sip_alg != SipAlg::off, "the SIP ALG"},
      {!config.balancers.empty(), "a balancer"},
  }};
  for (const auto& [asks, name] : askers)
    if (asks) return std::string(name) + " needs sessions of UDP";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> problem_with(const Config& config) {
  if (auto problem = problem_with_addresses(config)) return problem;
  if (auto problem = problem_with_static(config)) return problem;
  if (auto problem = problem_with_balancers(config)) return problem;
  if (auto problem = problem_with_ports(config)) return problem;
  if (auto problem = problem_with_limits(config)) return problem;
  if (auto problem = problem_with_times(config)) return problem;
  if (auto problem = problem_without_sessions(config)) return problem;
  if (config.inside_mtu < smallest_mtu || config.outside_mtu < smallest_mtu)
    return "an MTU is below 68";
  return std::nullopt;
}

}  // namespace stile::nat
