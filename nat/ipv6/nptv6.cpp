#include "nat/ipv6/nptv6.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "nat/ipv6/ipv6_packet_maker.hpp"

namespace stile::nat {

namespace {

/// RFC 4291 §2.5.6: what is not forwarded, as source or destination.
bool is_forwarded(const IpAddress& address) {
  return address.is_v6() && !address.is_multicast() && !address.is_unspecified() &&
         !address.is_loopback() && !address.is_link_local();
}

}  // namespace

std::optional<std::string> problem_with(const Nptv6Config& config) {
  if (auto problem = problem_with_prefixes(config.internal, config.external)) return problem;
  for (const IpAddress& own : {config.inside_address, config.outside_address})
    if (!is_forwarded(own))
      return "the translator's own address " + own.to_string() + " is not an IPv6 unicast address";
  if (config.inside_mtu < 1280 || config.outside_mtu < 1280) return "an IPv6 MTU is below 1280";
  return std::nullopt;
}

Nptv6::Nptv6(Nptv6Config config)
    : config_(std::move(config)), mapping_(config_.internal, config_.external) {
  if (const auto problem = problem_with(config_)) throw std::invalid_argument(*problem);
}

Verdict Nptv6::handle_packet(Instant now, Side from, MutableBytes bytes) {
  now_ = std::max(now_, now);
  const auto packet = Ipv6Packet::parse(bytes);
  if (!packet) {
    ++counters_.dropped_malformed;
    return {};
  }
  if (!is_forwarded(packet->source()) || !is_forwarded(packet->destination()) ||
      (from == Side::inside && mapping_.internal().contains(packet->destination()))) {
    ++counters_.dropped_not_for_us;
    return {};
  }
  const auto view = *Ipv6View::parse(bytes);
  const Mapped ends = ends_of(view, from);
  if (!ends) return refuse(view, from, ends.error());
  if (!can_go_out(view, from, ends->out)) return {};
  translate_quote(*packet, from);
  packet->set_source(ends->source);
  packet->set_destination(ends->destination);
  packet->set_hop_limit(static_cast<std::uint8_t>(packet->hop_limit() - 1));
  ++(from == Side::outside       ? counters_.translated_inbound
     : ends->out == Side::inside ? counters_.hairpinned
                                 : counters_.translated_outbound);
  return {ends->out == Side::inside ? Action::send_inside : Action::send_outside, packet->bytes()};
}

/// RFC 6296 §3.2, §3.3, and §4.3 for inside hosts that meet at external addresses.
Nptv6::Mapped Nptv6::ends_of(const Ipv6View& packet, Side from) const {
  const bool to_external_prefix = mapping_.external().contains(packet.destination());
  if (from == Side::outside && !to_external_prefix) return std::unexpected(Unmapped::prefix);
  Ends ends{packet.source(), packet.destination(),
            from == Side::outside || to_external_prefix ? Side::inside : Side::outside};
  if (from == Side::inside) {
    const auto source = mapping_.to_external(packet.source());
    if (!source) return std::unexpected(source.error());
    ends.source = *source;
  }
  if (to_external_prefix) {
    const auto destination = mapping_.to_internal(packet.destination());
    if (!destination) return std::unexpected(destination.error());
    ends.destination = *destination;
  }
  return ends;
}

Verdict Nptv6::refuse(const Ipv6View& packet, Side from, Unmapped why) {
  switch (why) {
    case Unmapped::prefix:
      ++counters_.dropped_not_for_us;
      break;
    case Unmapped::subnet:  // RFC 6296 §3.2
      ++counters_.dropped_subnet;
      send_error(packet, from, {icmpv6_type::destination_unreachable, 0, 0});
      break;
    case Unmapped::interface: {  // RFC 6296 §3.7
      ++counters_.dropped_interface;
      const std::uint32_t address_at = from == Side::inside ? 8 : 24;
      send_error(packet, from, {icmpv6_type::parameter_problem, 0, address_at});
      break;
    }
  }
  return {};
}

bool Nptv6::can_go_out(const Ipv6View& packet, Side from, Side out) {
  if (packet.hop_limit() <= 1) {
    ++counters_.dropped_hop_limit;
    send_error(packet, from, {icmpv6_type::time_exceeded, 0, 0});
    return false;
  }
  const std::uint16_t mtu = out == Side::inside ? config_.inside_mtu : config_.outside_mtu;
  if (packet.total_length() <= mtu) return true;
  ++counters_.dropped_too_big;
  send_error(packet, from, {icmpv6_type::packet_too_big, 0, mtu});
  return false;
}

/// The packet in error names the addresses of the side that it came from; without this its sender
/// would not know it. The mapping keeps the checksum of the whole message right.
void Nptv6::translate_quote(const Ipv6Packet& packet, Side from) const {
  const auto payload = find_payload(*Ipv6View::parse(packet.bytes()));
  if (!payload || payload->protocol != ipv6_header::icmpv6 || !payload->is_first()) return;
  const MutableBytes message = packet.bytes().subspan(payload->at);
  if (message.size() < 8 || !is_icmpv6_error(message[0])) return;
  const auto quoted = Ipv6Packet::parse_quoted(message.subspan(8));
  if (!quoted) return;
  // From inside: about a packet that had come in. From outside: about one that had gone out.
  if (from == Side::inside) {
    if (const auto external = mapping_.to_external(quoted->destination()))
      quoted->set_destination(*external);
  } else if (const auto internal = mapping_.to_internal(quoted->source())) {
    quoted->set_source(*internal);
  }
}

void Nptv6::send_error(const Ipv6View& about, Side toward, const IcmpHead& head) {
  if (!may_be_answered(about.bytes()) || !error_rate_.allows(now_)) return;
  if (commands_.size() >= config_.max_commands) return;
  ++counters_.icmp_errors_made;
  const IpAddress& own = toward == Side::inside ? config_.inside_address : config_.outside_address;
  commands_.push_back({toward, make_icmpv6_error(own, about.source(), head, about.bytes())});
}

std::optional<Command> Nptv6::poll_command() {
  if (commands_.empty()) return std::nullopt;
  Command command = std::move(commands_.front());
  commands_.pop_front();
  return command;
}

}  // namespace stile::nat
