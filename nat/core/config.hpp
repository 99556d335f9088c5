#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nat/core/balancer.hpp"
#include "nat/core/forward.hpp"
#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat {

/// How much of the remote endpoint a mapping (RFC 4787 §4.1) or a filter (RFC 4787 §5) depends on.
enum class Behavior : std::uint8_t {
  endpoint_independent,
  address_dependent,
  address_and_port_dependent
};

/// How an external port is chosen (RFC 4787 §4.2.1, RFC 6056, RFC 6888 §3).
enum class PortAssignment : std::uint8_t {
  preserve,    ///< the inside port where it is free, a random one where it is not
  sequential,  ///< the next free one after the last that was given
  random,      ///< RFC 6056 §3.3.1, algorithm 1
  block,       ///< a random one of a block of ports that belongs to the inside host
  /// RFC 7857 §3: the inside port wherever no other flow to the same remote endpoint has it, so one
  /// external port serves many flows. For mappings and filters that depend on address and port.
  overload,
  deterministic,  ///< RFC 7422: each subscriber's share follows from its address
  none            ///< not translated: each inside host has an external address to itself meanwhile
};

/// RFC 4787 §4.1: whether one inside host always has the same external address.
enum class Pooling : std::uint8_t {
  paired,
  soft_paired,  ///< RFC 7857 §4: another one when the host's own has no port left
  arbitrary
};

/// RFC 4787 §4.3: which packets keep a mapping alive.
enum class Refresh : std::uint8_t { outbound, inbound, both };

/// What a host hears whose flow gets no session.
enum class RefusalAnswer : std::uint8_t {
  prohibited,        ///< ICMP 3/13, RFC 5508 REQ-8
  host_unreachable,  ///< ICMP 3/1, RFC 6888 REQ-11
  silence
};

/// RFC 5382 §4.3: what answers an inbound SYN that nothing lets in.
enum class UnsolicitedSyn : std::uint8_t {
  hold,     ///< nothing for Config::syn_hold, then ICMP 3/3
  silence,  ///< REQ-4a
  reset     ///< a RST at once, which REQ-4 forbids: it ends a simultaneous open
};

/// RFC 4787 §11 in the words of RFC 8512: which fragments pass.
enum class Fragments : std::uint8_t { out_of_order, in_order, drop_all };

/// RFC 4787 REQ-12, RFC 5382 REQ-10: what an ICMP error about a flow does.
enum class IcmpErrors : std::uint8_t {
  translate,
  drop,
  end_session  ///< translated, and the flow is forgotten, which both forbid
};

/// IPv4, both ends included.
struct AddressRange {
  std::uint32_t first = 1;
  std::uint32_t last = 0;

  bool contains(std::uint32_t address) const { return address >= first && address <= last; }
  std::uint32_t size() const { return first > last ? 0 : last - first + 1; }
};

/// RFC 7422 §2 has the system ports reserved.
inline constexpr std::uint16_t first_unreserved_port = 1024;

/// Whether the NAT looks into SIP messages (RFC 3261) on UDP port 5060.
enum class SipAlg : std::uint8_t {
  off,
  on,
  spoiling  ///< as some routers do: addresses are replaced, ports and media are not
};

/// Flows towards these ports.
struct PortRule {
  std::optional<Protocol> protocol;  ///< none: all
  std::uint16_t first = 0;
  std::uint16_t last = 65535;

  bool matches(Protocol flow, std::uint16_t remote_port) const {
    return (!protocol || *protocol == flow) && remote_port >= first && remote_port <= last;
  }
};

/// RFC 4787 REQ-5a: UDP towards one well-known port may be forgotten sooner.
struct PortTimeout {
  std::uint16_t port = 0;
  Duration timeout{};
};

/// RFC 4787 §6: whether inside hosts reach each other's external addresses, and from which source.
enum class Hairpin : std::uint8_t { external, internal, off };

/// RFC 791 §3.2: every network takes a datagram of 68 bytes without cutting it.
inline constexpr std::uint16_t smallest_mtu = 68;

/// Defaults are the compliant ones. Every table has its limit here.
struct Config {
  /// The addresses that inside hosts appear as; at least one, IPv4.
  std::vector<IpAddress> external;
  /// The NAT's own address inside: it answers echo there and is the source of ICMP errors.
  IpAddress inside_address;
  /// Destinations that lie inside: what an inside host sends there goes back inside as it is.
  std::vector<IpPrefix> inside_networks;
  /// Remote networks towards which, and from which, packets are forwarded without translation.
  std::vector<IpPrefix> no_nat;
  std::vector<Forward> forwards;
  std::vector<Balancer> balancers;
  std::vector<PortRule> blocked;  ///< new flows towards these are dropped in silence
  std::vector<PortRule> only;     ///< if there are any: those towards all others, too
  /// Their external addresses are not among `external`.
  std::vector<StaticAddress> static_addresses;

  Behavior mapping = Behavior::endpoint_independent;
  Behavior filtering = Behavior::endpoint_independent;
  std::optional<Behavior> mapping_tcp;    ///< where TCP's differs
  std::optional<Behavior> filtering_tcp;  ///< RFC 5382 §4.3: may differ from UDP's
  PortAssignment ports = PortAssignment::preserve;
  std::uint16_t block_size = 512;  ///< ports, for PortAssignment::block
  std::uint16_t blocks_per_host = 4;
  AddressRange subscribers;           ///< for PortAssignment::deterministic
  std::uint32_t dynamic_factor = 0;   ///< likewise: shares of each address that are for blocks
  std::uint16_t sequential_step = 1;  ///< from one port to the next, for PortAssignment::sequential
  bool parity = true;                 ///< RFC 4787 §4.2.2: even stays even, odd stays odd
  Pooling pooling = Pooling::paired;
  Hairpin hairpin = Hairpin::external;

  std::uint16_t port_min = 1;
  std::uint16_t port_max = 65535;
  // RFC 6888 REQ-4 and REQ-5, of one inside address or of one mapping; 0: no limit.
  std::uint32_t ports_per_host = 0;  ///< mappings
  std::uint32_t new_ports_per_second = 0;
  std::uint32_t sessions_per_host = 0;
  std::uint32_t sessions_per_mapping = 0;

  std::size_t max_mappings = 65536;
  std::size_t max_sessions = 262144;
  /// The tables have room for all of these from the start, and their memory, so that no packet
  /// waits for it.
  bool reserves_tables = false;
  /// Mappings and sessions that end with one input, so that none waits long for the others.
  std::size_t max_ended_at_once = 64;
  std::size_t max_esp_flows = 4096;
  std::size_t max_held_syns = 4096;
  std::size_t max_events = 262144;   ///< waiting in poll_event(); the newest are lost beyond
  std::size_t max_commands = 65536;  ///< waiting in poll_command()
  std::size_t max_fragmented_datagrams = 4096;  ///< followed at one time, on each side
  std::size_t max_waiting_datagrams = 512;      ///< of which the first fragment has not come
  std::size_t max_fragments_per_datagram = 64;  ///< held, of one datagram
  std::size_t max_fragments_held = 2048;        ///< that wait for a first fragment, on each side
  std::size_t max_fragment_bytes_held = 4u << 20;

  Duration udp_timeout = std::chrono::seconds(300);               ///< RFC 4787 §4.3
  Duration icmp_timeout = std::chrono::seconds(60);               ///< RFC 5508 §3.2
  Duration tcp_established_timeout = std::chrono::seconds(7440);  ///< RFC 5382 §5: 2 h 4 min
  Duration tcp_opening_timeout = std::chrono::seconds(240);       ///< RFC 7857 §2.1: 4 min
  Duration tcp_closing_timeout = std::chrono::seconds(240);       ///< likewise, and after a RST
  Duration esp_timeout = std::chrono::seconds(600);               ///< ESP pass-through; 0: none
  Duration syn_hold = std::chrono::seconds(6);                    ///< RFC 5382 §4.3
  Duration fragment_timeout = std::chrono::seconds(15);           ///< RFC 791 §3.2
  /// RFC 6146 §3.5.2.2: the host of an idle connection is asked whether that lives, and has
  /// tcp_closing_timeout to say so, before it is forgotten.
  bool probes_connections = false;
  std::vector<PortTimeout> udp_port_timeouts;      ///< in place of udp_timeout
  std::optional<Duration> udp_unanswered_timeout;  ///< while nothing has come in
  Refresh refresh = Refresh::outbound;             ///< UDP and ICMP queries
  /// RFC 6888 REQ-8: an external port that was somebody's is not given to another host for so long.
  Duration port_hold = std::chrono::seconds(120);
  std::size_t max_ports_held = 16384;  ///< the ones held longest are free beyond
  /// External UDP ports that nobody gets, of each address.
  std::vector<std::uint16_t> reserved_udp_ports;
  std::size_t max_filters_per_mapping = 16;  ///< RFC 6887 §13.3
  std::uint32_t explicit_per_host = 256;     ///< explicit mappings; 0: no limit
  UnsolicitedSyn unsolicited_syn = UnsolicitedSyn::hold;
  Fragments fragments = Fragments::out_of_order;
  IcmpErrors icmp_errors = IcmpErrors::translate;

  /// Whether SessionCreated and SessionEnded are told of, which name destinations (RFC 6888
  /// REQ-12).
  bool session_events = false;

  /// Whether UDP has a session for each remote endpoint, as the other protocols have. Where UDP is
  /// mapped and filtered regardless of the remote endpoint, the mapping and its one deadline would
  /// do, at a third of the memory; but then nobody can say with whom a host talks, or how much.
  bool udp_sessions = true;
  bool has_sessions(Protocol protocol) const { return udp_sessions || protocol != Protocol::udp; }

  // RFC 4787 REQ-10, RFC 5382 REQ-6: off, and each for itself.
  bool ftp_alg = false;
  SipAlg sip_alg = SipAlg::off;
  std::size_t max_shifted_connections = 4096;  ///< of FTP, whose sequence numbers were changed
  bool has_alg() const { return ftp_alg || sip_alg != SipAlg::off; }

  RefusalAnswer refusal_answer = RefusalAnswer::prohibited;
  /// A full table ends the session that has the least time left, which RFC 6888 REQ-11d forbids.
  bool evict_oldest = false;
  /// If not zero: all mappings end each time that so long has passed.
  Duration rebind_every{};

  std::uint16_t inside_mtu = 1500;  ///< at least smallest_mtu, as the other one
  std::uint16_t outside_mtu = 1500;
  /// RFC 1812 §4.3.2.8: ICMP errors that the NAT makes.
  std::uint32_t icmp_errors_per_second = 100;
  std::uint32_t icmp_error_burst = 50;

  /// What a host has beside its ports is at one external address.
  bool is_bound_to_address() const {
    return ports == PortAssignment::block || ports == PortAssignment::none ||
           ports == PortAssignment::deterministic;
  }
  Behavior mapping_for(Protocol protocol) const {
    return protocol == Protocol::tcp ? mapping_tcp.value_or(mapping) : mapping;
  }
  /// RFC 6888 REQ-8, exception C: a filter turns away what was meant for the owner before.
  bool holds_ports() const {
    return port_hold > Duration::zero() && max_ports_held > 0 &&
           filtering == Behavior::endpoint_independent;
  }
  Behavior filtering_for(Protocol protocol) const {
    return protocol == Protocol::tcp ? filtering_tcp.value_or(filtering) : filtering;
  }
};

/// One clear line, or nothing if a Nat can be made of it.
std::optional<std::string> problem_with(const Config& config);

}  // namespace stile::nat
