#include "nat/ipv6/nat64.hpp"

#include <stdexcept>
#include <utility>

#include "nat/ipv6/ipv6_packet_maker.hpp"
#include "nat/packet/icmp.hpp"

namespace stile::nat {

namespace {

/// The translator itself, towards its inside (RFC 7600 §4.8 has a dummy address, too).
constexpr std::uint32_t own_number = 0xc0000008;  // 192.0.0.8
constexpr std::uint16_t header_difference = 20;

constexpr IcmpHead port_unreachable{icmpv6_type::destination_unreachable, 4, 0};

bool is_translated(std::uint8_t protocol) {
  return protocol == ip_protocol::udp || protocol == ip_protocol::tcp ||
         protocol == ipv6_header::icmpv6;
}

/// RFC 6146 §3.5.1.1: where no binding can be made, the host hears "address unreachable", for which
/// IPv4 has no code of its own.
void say_address_unreachable(ByteVector& error) {
  constexpr std::uint8_t no_route = 0;
  constexpr std::uint8_t address_unreachable = 3;
  std::uint8_t* message = error.data() + Ipv6View::header_length;
  if (message[0] != icmpv6_type::destination_unreachable || message[1] != no_route) return;
  ChecksumChange change;
  change.replace_u16(no_route, address_unreachable);
  message[1] = address_unreachable;
  store_u16(message + 2, change.nonzero_applied_to(load_u16(message + 2)));
}

bool is_unicast(const IpAddress& address) {
  return address.is_v6() && !address.is_multicast() && !address.is_unspecified() &&
         !address.is_loopback() && !address.is_link_local();
}

}  // namespace

class Nat64::Addresses : public AddressMapper {
 public:
  Addresses(const Nat64Config& config, HostNumbers& hosts, Instant now)
      : config_(config), hosts_(hosts), now_(now) {}

  std::optional<std::uint32_t> to_ipv4(const IpAddress& address, End end) override {
    return end == End::remote ? config_.prefix.extract(address) : hosts_.number_of(now_, address);
  }
  std::optional<IpAddress> to_ipv6(std::uint32_t address, End end) override {
    if (end == End::host) return hosts_.host_of(address);
    return address == own_number ? config_.address : config_.prefix.embed(address);
  }

 private:
  const Nat64Config& config_;
  HostNumbers& hosts_;
  Instant now_;
};

std::optional<std::string> problem_with(const Nat64Config& config) {
  if (!is_unicast(config.address))
    return "the NAT64's own address " + config.address.to_string() + " is not IPv6 unicast";
  if (config.lowest_ipv6_mtu < 1280 || config.ipv6_mtu < config.lowest_ipv6_mtu)
    return "an IPv6 MTU is below 1280, or above that of the link";
  if (!config.nat.static_addresses.empty()) return "NAT64 has no static addresses, only forwards";
  if (!config.nat.balancers.empty()) return "NAT64 has no balancers";
  if (!config.nat.udp_sessions) return "NAT64 has a session for each UDP flow (RFC 6146 §3.1)";
  if (config.nat.ports == PortAssignment::deterministic) return "NAT64 has no deterministic ports";
  for (const Forward& forward : config.nat.forwards)
    if (!is_unicast(forward.inside.ip))
      return "forward " + to_string(forward) + ": the inside address is not IPv6 unicast";
  return std::nullopt;
}

/// The IPv4 NAT's configuration. Static entries keep their hosts' numbers for ever.
Config Nat64::with_numbers(const Nat64Config& config, HostNumbers& hosts) {
  if (const auto problem = problem_with(config)) throw std::invalid_argument(*problem);
  Config nat = config.nat;
  nat.inside_address = IpAddress::v4(own_number);
  nat.inside_networks.clear();
  nat.no_nat.clear();
  nat.inside_mtu = static_cast<std::uint16_t>(config.ipv6_mtu - header_difference);
  nat.probes_connections = true;
  nat.refresh = Refresh::both;  // RFC 6146 §3.5.1: both directions
  nat.refusal_answer = RefusalAnswer::host_unreachable;
  for (Forward& forward : nat.forwards) {
    const auto number = hosts.number_of(Instant{}, forward.inside.ip);
    if (!number) throw std::invalid_argument("there are more static hosts than mappings");
    hosts.add_mapping(*number);
    forward.inside.ip = IpAddress::v4(*number);
  }
  return nat;
}

Nat64::Nat64(Nat64Config config, Random& random)
    : config_(std::move(config)),
      translation_{{config_.nat.outside_mtu, config_.ipv6_mtu}, config_.lowest_ipv6_mtu},
      hosts_(config_.nat.max_mappings, random),
      nat_(with_numbers(config_, hosts_), random),
      error_rate_(config_.nat.icmp_errors_per_second, config_.nat.icmp_error_burst),
      reassembly_(config_.nat.fragment_timeout, random),
      next_identification_(static_cast<std::uint16_t>(random.u32())) {
  take_events();
}

void Nat64::advance(Instant now) {
  now_ = std::max(now_, now);
  hosts_.end_due(now_);
  counters_.dropped_reassembly += reassembly_.end_due(now_);
}

void Nat64::handle_ipv6_packet(Instant now, Bytes bytes) {
  advance(now);
  const auto packet = Ipv6View::parse(bytes);
  if (!packet) {
    ++counters_.dropped_malformed;
    return;
  }
  if (const auto problem = problem_with_packet(*packet)) {
    ++(counters_.**problem);
    return;
  }
  translate_from_inside(*packet);
}

std::optional<Nat64::Counter> Nat64::problem_with_packet(const Ipv6View& packet) const {
  const auto destination = config_.prefix.extract(packet.destination());
  if (!destination) return &Nat64Counters::dropped_not_for_us;
  if (!is_unicast(packet.source())) return &Nat64Counters::dropped_malformed;
  // RFC 6146 §3.5: or hairpinning could be made a loop.
  if (config_.prefix.extract(packet.source())) return &Nat64Counters::dropped_spoofed;
  if (config_.prefix.is_well_known() && !is_global(*destination))
    return &Nat64Counters::dropped_not_global;
  return std::nullopt;
}

void Nat64::translate_from_inside(const Ipv6View& packet) {
  const auto payload = find_payload(packet);
  if (payload && !is_translated(payload->protocol) && !payload->segments_left_at) {
    ++counters_.dropped_protocol;
    return send_error(packet, port_unreachable);  // RFC 6146 §3.4
  }
  Addresses addresses(config_, hosts_, now_);
  auto translated =
      translate_to_ipv4(packet, addresses, End::host, translation_, next_identification_++);
  if (!translated) return refuse(packet, translated.error());
  ++counters_.to_ipv4;
  finish(nat_.handle_packet(now_, Side::inside, *translated));
}

void Nat64::refuse(const Ipv6View& packet, Untranslatable reason) {
  switch (reason) {
    case Untranslatable::malformed:
      ++counters_.dropped_malformed;
      return;
    case Untranslatable::address:
      ++counters_.dropped_host_limit;
      return;
    case Untranslatable::routing_header: {
      ++counters_.dropped_untranslatable;
      const auto at = static_cast<std::uint32_t>(*find_payload(packet)->segments_left_at);
      return send_error(packet, {icmpv6_type::parameter_problem, 0, at});
    }
    case Untranslatable::icmp_type:
    case Untranslatable::icmp_fragment:
    case Untranslatable::zero_checksum:
    case Untranslatable::header_in_fragment:
      ++counters_.dropped_untranslatable;
      return;
  }
}

void Nat64::send_error(const Ipv6View& about, const IcmpHead& head) {
  if (!may_be_answered(about.bytes()) || !error_rate_.allows(now_)) return;
  ++counters_.icmp_errors_made;
  send(Side::inside, make_icmpv6_error(config_.address, about.source(), head, about.bytes()));
}

void Nat64::handle_ipv4_packet(Instant now, MutableBytes packet) {
  advance(now);
  finish(nat_.handle_packet(now_, Side::outside, packet));
}

void Nat64::handle_timeout(Instant now) {
  advance(now);
  nat_.handle_timeout(now_);
  finish({});
}

/// What the NAT made of a packet, and what it has to say beside.
void Nat64::finish(const Verdict& verdict) {
  switch (verdict.action) {
    case Action::drop:
    case Action::hold:
      break;
    case Action::send_outside:
      send(Side::outside, verdict.packet);
      break;
    case Action::send_inside:
      send_inside(verdict.packet);
      break;
  }
  while (const auto command = nat_.poll_command())
    command->side == Side::inside ? send_inside(command->packet)
                                  : send(Side::outside, command->packet);
  take_events();
}

void Nat64::send(Side side, Bytes packet) {
  if (commands_.size() < config_.nat.max_commands) commands_.push_back({side, copy_of(packet)});
}

void Nat64::send_inside(Bytes ipv4_packet) {
  const auto packet = *Ipv4View::parse(ipv4_packet);
  std::optional<ByteVector> whole;
  if (!reassembly_.take(now_, packet, whole)) return translate_to_inside(packet);
  counters_.dropped_reassembly += reassembly_.take_refused();
  if (!whole) return;
  ++counters_.reassembled;
  translate_to_inside(*Ipv4View::parse(*whole));
}

void Nat64::translate_to_inside(const Ipv4View& packet) {
  Addresses addresses(config_, hosts_, now_);
  auto pieces = translate_to_ipv6(packet, addresses, End::remote, translation_);
  if (!pieces) {
    ++counters_.dropped_untranslatable;
    return;
  }
  ++counters_.to_ipv6;
  for (ByteVector& piece : *pieces) {
    if (packet.source() == own_number) say_address_unreachable(piece);
    send(Side::inside, piece);
  }
}

void Nat64::take_events() {
  while (auto event = nat_.poll_event()) {
    if (auto* created = std::get_if<MappingCreated>(&*event)) {
      hosts_.add_mapping(created->inside.ip.v4_bits());
      created->inside = named(created->inside);
    } else if (auto* ended = std::get_if<MappingEnded>(&*event)) {
      const std::uint32_t number = ended->inside.ip.v4_bits();
      ended->inside = named(ended->inside);
      hosts_.remove_mapping(now_, number);
    } else if (auto* refused = std::get_if<FlowRefused>(&*event)) {
      refused->inside = named(refused->inside);
    } else if (auto* session = std::get_if<SessionCreated>(&*event)) {
      session->inside = named(session->inside);
    } else if (auto* over = std::get_if<SessionEnded>(&*event)) {
      over->inside = named(over->inside);
    } else if (auto* block = std::get_if<PortBlockAssigned>(&*event)) {
      block->inside = named({block->inside, 0}).ip;
    } else if (auto* given_back = std::get_if<PortBlockReleased>(&*event)) {
      given_back->inside = named({given_back->inside, 0}).ip;
    }
    if (events_.size() < config_.nat.max_events) events_.push_back(std::move(*event));
  }
}

TransportAddress Nat64::named(const TransportAddress& inside) const {
  return {hosts_.host_of(inside.ip.v4_bits()).value_or(inside.ip), inside.port};
}

Instant Nat64::poll_timeout() const {
  return std::min({nat_.poll_timeout(), hosts_.earliest(), reassembly_.earliest()});
}

std::optional<Command> Nat64::poll_command() {
  if (commands_.empty()) return std::nullopt;
  Command command = std::move(commands_.front());
  commands_.pop_front();
  return command;
}

std::optional<Event> Nat64::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void Nat64::set_external(Instant now, std::vector<IpAddress> external) {
  advance(now);
  nat_.set_external(now_, std::move(external));
  finish({});
}

void Nat64::flush(Instant now) {
  advance(now);
  nat_.flush(now_);
  finish({});
}

void Nat64::reconfigure(Instant now, const Config& wanted) {
  advance(now);
  Config numbered = wanted;
  numbered.forwards = nat_.config().forwards;
  numbered.refusal_answer = nat_.config().refusal_answer;
  nat_.reconfigure(now_, numbered);
  hosts_.set_limit(wanted.max_mappings);
  finish({});
}

bool Nat64::restore(Instant now, const SessionInfo& session) {
  advance(now);
  if (!is_unicast(session.inside.ip)) return false;
  const auto number = hosts_.number_of(now_, session.inside.ip);
  if (!number) return false;
  SessionInfo numbered = session;
  numbered.inside.ip = IpAddress::v4(*number);
  const bool restored = nat_.restore(now_, numbered);
  finish({});
  return restored;
}

void Nat64::for_each_session(Instant now,
                             const std::function<void(const SessionInfo&)>& visit) const {
  nat_.for_each_session(now, [&](const SessionInfo& session) {
    SessionInfo info = session;
    info.inside = named(session.inside);
    visit(info);
  });
}

void Nat64::for_each_explicit(const std::function<void(const RequestedMapping&)>& visit) const {
  nat_.for_each_explicit([&](const RequestedMapping& mapping) {
    RequestedMapping requested = mapping;
    requested.info.inside = named(mapping.info.inside);
    visit(requested);
  });
}

}  // namespace stile::nat
