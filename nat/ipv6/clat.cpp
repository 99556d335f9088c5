#include "nat/ipv6/clat.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "nat/ipv6/ipv6_packet_maker.hpp"
#include "nat/packet/builder.hpp"
#include "nat/packet/icmp.hpp"

namespace stile::nat {

namespace {

constexpr std::size_t header_difference = 20;

bool is_icmpv6_error_packet(const Ipv6View& packet) {
  const auto payload = find_payload(packet);
  return payload && payload->protocol == ipv6_header::icmpv6 && payload->is_first() &&
         payload->at < packet.bytes().size() && is_icmpv6_error(packet.bytes()[payload->at]);
}

/// RFC 1812 §4.3.2.7
bool may_be_answered(const Ipv4View& packet) {
  if (packet.fragment_offset() != 0) return false;
  const auto icmp = IcmpView::parse(packet.payload());
  return packet.protocol() != ip_protocol::icmp || (icmp && !icmp->is_error());
}

bool is_unicast(std::uint32_t address) {
  const std::uint32_t network = address >> 24;
  return network != 0 && network != 127 && network < 224;
}

}  // namespace

/// RFC 7915 §6 with two prefixes. Routers on the IPv6 side whose addresses stand for no IPv4
/// address appear as the CLAT itself in ICMP errors (RFC 6791 §4).
class Clat::Addresses : public AddressMapper {
 public:
  Addresses(const ClatConfig& config, bool of_error) : config_(config), of_error_(of_error) {}

  std::optional<std::uint32_t> to_ipv4(const IpAddress& address, End end) override {
    if (end == End::host) return config_.own_prefix.extract(address);
    if (const auto remote = config_.prefix.extract(address)) return remote;
    return of_error_ ? std::optional(config_.ipv4_address.v4_bits()) : std::nullopt;
  }
  std::optional<IpAddress> to_ipv6(std::uint32_t address, End end) override {
    return (end == End::host ? config_.own_prefix : config_.prefix).embed(address);
  }

 private:
  const ClatConfig& config_;
  bool of_error_;
};

std::optional<std::string> problem_with(const ClatConfig& config) {
  if (!config.ipv4_address.is_v4()) return "the CLAT needs an IPv4 address inside";
  if (!config.ipv6_address.is_v6() || config.ipv6_address.is_unspecified())
    return "the CLAT needs an IPv6 address outside";
  if (config.prefix.prefix().contains(config.own_prefix.prefix().address()) ||
      config.own_prefix.prefix().contains(config.prefix.prefix().address()))
    return "the prefixes of CLAT and PLAT overlap";
  if (config.lowest_ipv6_mtu < 1280 || config.mtus.ipv6 < config.lowest_ipv6_mtu)
    return "an IPv6 MTU is below 1280, or above that of the link";
  if (config.mtus.ipv4 < 68) return "the IPv4 MTU is below 68";
  return std::nullopt;
}

Clat::Clat(ClatConfig config) : config_(std::move(config)) {
  if (const auto problem = problem_with(config_)) throw std::invalid_argument(*problem);
  translation_ = {config_.mtus, config_.lowest_ipv6_mtu};
}

void Clat::handle_ipv4_packet(Instant now, Bytes bytes) {
  now_ = std::max(now_, now);
  ByteVector copy = copy_of(bytes);
  const auto packet = Ipv4Packet::parse(MutableBytes(copy));
  if (!packet || !packet->checksum_is_right() || !is_unicast(packet->source()) ||
      !is_unicast(packet->destination())) {
    ++counters_.dropped_malformed;
    return;
  }
  if (!can_go_out(*Ipv4View::parse(bytes))) return;
  packet->decrement_ttl();
  Addresses addresses(config_, false);
  auto pieces = translate_to_ipv6(*Ipv4View::parse(copy), addresses, End::host, translation_);
  if (!pieces) {
    ++counters_.dropped_untranslatable;
    return;
  }
  ++counters_.to_ipv6;
  for (ByteVector& piece : *pieces) send(Side::outside, std::move(piece));
}

/// RFC 7915 §4.1, §4.4
bool Clat::can_go_out(const Ipv4View& packet) {
  if (packet.ttl() <= 1) {
    ++counters_.dropped_ttl;
    answer_inside(packet, icmp_type::time_exceeded, 0, 0);
    return false;
  }
  const std::size_t room = config_.mtus.ipv6 - header_difference;
  if (!packet.dont_fragment() || packet.total_length() <= room) return true;
  ++counters_.dropped_too_big;
  answer_inside(packet, icmp_type::destination_unreachable, unreachable_code::fragmentation_needed,
                static_cast<std::uint32_t>(room));
  return false;
}

void Clat::handle_ipv6_packet(Instant now, Bytes bytes) {
  now_ = std::max(now_, now);
  const auto packet = Ipv6View::parse(bytes);
  if (!packet || packet->source().is_multicast() || packet->source().is_unspecified()) {
    ++counters_.dropped_malformed;
    return;
  }
  const bool of_error = is_icmpv6_error_packet(*packet);
  const bool is_for_us = config_.own_prefix.extract(packet->destination()) &&
                         (of_error || config_.prefix.extract(packet->source()));
  if (!is_for_us) {
    ++counters_.dropped_not_for_us;
    return;
  }
  if (!can_come_in(*packet)) return;
  ByteVector copy = copy_of(packet->bytes());
  Ipv6Packet::parse(MutableBytes(copy))
      ->set_hop_limit(static_cast<std::uint8_t>(packet->hop_limit() - 1));
  Addresses addresses(config_, of_error);
  auto translated = translate_to_ipv4(*Ipv6View::parse(copy), addresses, End::remote, translation_,
                                      next_identification_++);
  if (!translated) return refuse(*packet, translated.error());
  ++counters_.to_ipv4;
  send(Side::inside, std::move(*translated));
}

/// RFC 7915 §5.1, §5.4
bool Clat::can_come_in(const Ipv6View& packet) {
  if (packet.hop_limit() <= 1) {
    ++counters_.dropped_ttl;
    answer_outside(packet, {icmpv6_type::time_exceeded, 0, 0});
    return false;
  }
  const std::size_t room = config_.mtus.ipv4 + header_difference;
  if (packet.total_length() <= room) return true;
  ++counters_.dropped_too_big;
  answer_outside(packet, {icmpv6_type::packet_too_big, 0, static_cast<std::uint32_t>(room)});
  return false;
}

void Clat::refuse(const Ipv6View& packet, Untranslatable reason) {
  ++counters_.dropped_untranslatable;
  if (reason != Untranslatable::routing_header) return;
  const auto at = static_cast<std::uint32_t>(*find_payload(packet)->segments_left_at);
  answer_outside(packet, {icmpv6_type::parameter_problem, 0, at});
}

void Clat::answer_inside(const Ipv4View& about, std::uint8_t type, std::uint8_t code,
                         std::uint32_t rest) {
  if (!may_be_answered(about) || !error_rate_.allows(now_)) return;
  ++counters_.icmp_errors_made;
  send(Side::inside, make_icmp_error(config_.ipv4_address, IpAddress::v4(about.source()), type,
                                     code, rest, about.bytes(), {.tos = about.tos()}));
}

void Clat::answer_outside(const Ipv6View& about, const IcmpHead& head) {
  if (!may_be_answered(about.bytes()) || !error_rate_.allows(now_)) return;
  ++counters_.icmp_errors_made;
  send(Side::outside, make_icmpv6_error(config_.ipv6_address, about.source(), head, about.bytes()));
}

void Clat::send(Side side, ByteVector packet) {
  if (commands_.size() < config_.max_commands) commands_.push_back({side, std::move(packet)});
}

std::optional<Command> Clat::poll_command() {
  if (commands_.empty()) return std::nullopt;
  Command command = std::move(commands_.front());
  commands_.pop_front();
  return command;
}

}  // namespace stile::nat
