#include "nat/ipv6/firewall.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "nat/ipv6/ipv6_packet_maker.hpp"
#include "nat/packet/ipv4.hpp"

namespace stile::nat {

namespace {

bool is_unicast(const IpAddress& address) {
  return address.is_v6() && !address.is_multicast() && !address.is_unspecified() &&
         !address.is_loopback() && !address.is_link_local();
}

bool has_ports(std::uint8_t protocol) {
  return protocol == ip_protocol::tcp || protocol == ip_protocol::udp ||
         protocol == ip_protocol::udp_lite || protocol == ip_protocol::dccp ||
         protocol == ip_protocol::sctp;
}

}  // namespace

std::optional<std::string> problem_with(const FirewallConfig& config) {
  if (!is_unicast(config.inside_prefix.address()))
    return config.inside_prefix.to_string() + " is not an IPv6 unicast prefix";
  for (const IpAddress& own : {config.inside_address, config.outside_address})
    if (!is_unicast(own))
      return "the firewall's own address " + own.to_string() + " is not an IPv6 unicast address";
  for (const Pinhole& pinhole : config.pinholes)
    if (!config.inside_prefix.contains(pinhole.inside.ip) || pinhole.inside.port == 0)
      return "pinhole " + pinhole.inside.to_string() + " is not inside";
  if (config.inside_mtu < 1280 || config.outside_mtu < 1280) return "an IPv6 MTU is below 1280";
  if (config.max_sessions == 0) return "max_sessions is 0";
  return std::nullopt;
}

Firewall::Firewall(FirewallConfig config) : config_(std::move(config)) {
  if (const auto problem = problem_with(config_)) throw std::invalid_argument(*problem);
}

Verdict Firewall::handle_packet(Instant now, Side from, MutableBytes bytes) {
  handle_timeout(now);
  const auto packet = Ipv6Packet::parse(bytes);
  const auto view = Ipv6View::parse(bytes);
  const auto payload = view ? find_payload(*view) : std::nullopt;
  if (!payload) {
    ++counters_.dropped_malformed;
    return {};
  }
  if (const auto problem = judge(*view, *payload, from)) {
    ++(counters_.**problem);
    return {};
  }
  if (!can_go_out(*view, from)) return {};
  packet->set_hop_limit(static_cast<std::uint8_t>(packet->hop_limit() - 1));
  ++(from == Side::inside ? counters_.passed_outbound : counters_.passed_inbound);
  return {from == Side::inside ? Action::send_outside : Action::send_inside, packet->bytes()};
}

/// Why the packet does not pass.
std::optional<Firewall::Counter> Firewall::judge(const Ipv6View& packet, const Ipv6Payload& payload,
                                                 Side from) {
  const bool source_is_inside = config_.inside_prefix.contains(packet.source());
  const bool destination_is_inside = config_.inside_prefix.contains(packet.destination());
  if (!is_unicast(packet.source()) || !is_unicast(packet.destination()) ||
      source_is_inside != (from == Side::inside) ||
      destination_is_inside != (from == Side::outside))
    return &FirewallCounters::dropped_not_for_us;
  const Bytes transport = packet.bytes().subspan(payload.at);
  if (payload.protocol == ipv6_header::icmpv6 && payload.is_first() && transport.size() >= 8 &&
      is_icmpv6_error(transport[0]))
    return judge_error(packet, transport, from);
  const auto flow = read_flow(packet, payload, from);
  if (!flow) return &FirewallCounters::dropped_malformed;
  if (payload.is_first()) return judge_flow(*flow, from, packet.total_length());
  // A later fragment has no ports.
  if (from == Side::inside || has_session({payload.protocol, {flow->inside.ip, 0}, {}, {}}))
    return std::nullopt;
  return &FirewallCounters::dropped_filtered;
}

std::optional<Firewall::Flow> Firewall::read_flow(const Ipv6View& packet,
                                                  const Ipv6Payload& payload, Side from) const {
  TransportAddress source{packet.source(), 0};
  TransportAddress destination{packet.destination(), 0};
  const Bytes transport = packet.bytes().subspan(payload.at);
  Flow flow{payload.protocol, {}, {}, {}};
  if (payload.is_first() && has_ports(payload.protocol)) {
    if (transport.size() < 8) return std::nullopt;
    source.port = load_u16(transport.data());
    destination.port = load_u16(transport.data() + 2);
  }
  if (payload.is_first() && payload.protocol == ip_protocol::tcp) {
    flow.tcp = TcpView::parse(transport);
    if (!flow.tcp) return std::nullopt;
  }
  flow.inside = from == Side::inside ? source : destination;
  flow.remote = from == Side::inside ? destination : source;
  if (payload.is_first() && payload.protocol == ipv6_header::icmpv6) {
    if (transport.size() < 8) return std::nullopt;
    // The identifier, of whoever asked.
    flow.inside.port = load_u16(transport.data() + 4);
  }
  return flow;
}

std::optional<Firewall::Counter> Firewall::judge_flow(const Flow& flow, Side from,
                                                      std::size_t bytes) {
  const auto known = by_flow_.find(flow);
  Session* session = known == by_flow_.end() ? nullptr : sessions_.find(known->second);
  const bool begins = !flow.tcp || (flow.tcp->has(tcp_flag::syn) && !flow.tcp->has(tcp_flag::rst));
  if (!session && from == Side::outside && !is_admitted(flow))
    return &FirewallCounters::dropped_filtered;
  if (!session && !begins) return &FirewallCounters::dropped_no_connection;
  if (!session) session = open(flow);
  if (!session) return &FirewallCounters::refused_session_limit;
  refresh(*session, from, flow);
  Traffic& traffic = from == Side::inside ? session->outbound : session->inbound;
  ++traffic.packets;
  traffic.bytes += bytes;
  return std::nullopt;
}

/// A packet from outside that no session is known for.
bool Firewall::is_admitted(const Flow& flow) const {
  if (is_fixed({static_cast<Protocol>(flow.protocol), flow.inside}) || is_asked_for(flow))
    return true;
  const bool is_tcp = flow.protocol == ip_protocol::tcp;
  switch (is_tcp ? config_.filtering_tcp : config_.filtering) {
    case Behavior::endpoint_independent:
      return has_ports(flow.protocol) && has_session({flow.protocol, flow.inside, {}, {}});
    case Behavior::address_dependent:
      return has_session({flow.protocol, flow.inside, {flow.remote.ip, 0}, {}});
    case Behavior::address_and_port_dependent:
      return false;
  }
  return false;
}

/// One with the protocol, and what is not zero of the rest: the inside address, its port, the
/// remote address.
bool Firewall::has_session(const Flow& from_first) const {
  const auto found = by_flow_.lower_bound(from_first);
  if (found == by_flow_.end() || found->first.protocol != from_first.protocol) return false;
  const Flow& flow = found->first;
  return flow.inside.ip == from_first.inside.ip &&
         (from_first.inside.port == 0 || flow.inside.port == from_first.inside.port) &&
         (from_first.remote.ip.is_unspecified() || flow.remote.ip == from_first.remote.ip);
}

/// RFC 5508 REQ-4 without the translation: about a packet of a session that went the other way. It
/// refreshes nothing.
std::optional<Firewall::Counter> Firewall::judge_error(const Ipv6View& packet, Bytes message,
                                                       Side from) const {
  if (transport_checksum(packet.source(), packet.destination(), ipv6_header::icmpv6, message) != 0)
    return &FirewallCounters::dropped_malformed;
  const auto quoted = Ipv6View::parse_quoted(message.subspan(8));
  const auto payload = quoted ? find_payload(*quoted) : std::nullopt;
  if (!payload || payload->at + 8 > quoted->bytes().size())
    return &FirewallCounters::dropped_unmatched_error;
  // All of a quoted TCP header need not be there.
  const Bytes ports = quoted->bytes().subspan(payload->at);
  const bool has = has_ports(payload->protocol);
  TransportAddress source{quoted->source(), has ? load_u16(ports.data()) : std::uint16_t{0}};
  TransportAddress destination{quoted->destination(),
                               has ? load_u16(ports.data() + 2) : std::uint16_t{0}};
  if (from == Side::inside) std::swap(source, destination);
  if (payload->protocol == ipv6_header::icmpv6) source.port = load_u16(ports.data() + 4);
  return by_flow_.contains({payload->protocol, source, destination, {}})
             ? std::nullopt
             : std::optional(&FirewallCounters::dropped_unmatched_error);
}

Firewall::Session* Firewall::open(const Flow& flow) {
  if (sessions_.size() >= config_.max_sessions) return nullptr;
  Session session;
  session.flow = flow;
  session.flow.tcp.reset();
  const Id id = sessions_.insert(session);
  by_flow_.emplace(session.flow, id);
  sessions_.find(id)->id = id;
  return sessions_.find(id);
}

void Firewall::refresh(Session& session, Side from, const Flow& flow) {
  const bool refreshes = !flow.tcp || session.tcp.track(from, *flow.tcp);
  const Instant deadline = now_ + timeout_of(session);
  set_deadline(session, refreshes ? deadline : std::min(session.deadline, deadline));
}

void Firewall::set_deadline(Session& session, Instant deadline) {
  session.deadline = std::max(deadline, session.kept_until);
  if (session.deadline >= session.wake) return;
  session.wake = session.deadline;
  queue_.push(session.wake, session.id);
}

Duration Firewall::timeout_of(const Session& session) const {
  if (session.flow.protocol == ipv6_header::icmpv6) return config_.icmp_timeout;
  if (session.flow.protocol == ip_protocol::udp) return config_.udp_timeout;
  if (session.flow.protocol != ip_protocol::tcp) return config_.other_timeout;
  switch (session.tcp.state()) {
    case TcpState::opening:
    case TcpState::closing:
    case TcpState::reset:
      return config_.tcp_transitory_timeout;
    case TcpState::established:
    case TcpState::inside_fin:
    case TcpState::outside_fin:
      return config_.tcp_established_timeout;
  }
  return config_.tcp_established_timeout;
}

void Firewall::handle_timeout(Instant now) {
  now_ = std::max(now_, now);
  end_pinholes();
  while (const auto id = queue_.pop_due(now_)) {
    Session* session = sessions_.find(*id);
    if (!session || session->wake > now_) continue;
    if (session->deadline <= now_) {
      remove(*id);
      continue;
    }
    session->wake = session->deadline;
    queue_.push(session->wake, *id);
  }
}

void Firewall::remove(Id id) {
  by_flow_.erase(sessions_.find(id)->flow);
  sessions_.erase(id);
}

void Firewall::flush() {
  sessions_ = {};
  by_flow_.clear();
  queue_ = {};
  requested_.clear();
  next_pinhole_end_ = never;
}

void Firewall::reconfigure(const FirewallConfig& wanted) {
  config_.udp_timeout = wanted.udp_timeout;
  config_.icmp_timeout = wanted.icmp_timeout;
  config_.tcp_established_timeout = wanted.tcp_established_timeout;
  config_.tcp_transitory_timeout = wanted.tcp_transitory_timeout;
  config_.other_timeout = wanted.other_timeout;
  config_.max_sessions = wanted.max_sessions;
}

bool Firewall::restore(Instant now, const SessionInfo& info) {
  handle_timeout(now);
  const std::uint8_t protocol = info.protocol == Protocol::icmp
                                    ? ipv6_header::icmpv6
                                    : static_cast<std::uint8_t>(info.protocol);
  const Flow flow{protocol, info.inside, info.remote, {}};
  if (!config_.inside_prefix.contains(info.inside.ip) || !is_unicast(info.remote.ip) ||
      info.time_left <= Duration::zero() || by_flow_.contains(flow))
    return false;
  Session* session = open(flow);
  if (!session) return false;
  if (info.tcp_state) session->tcp = TcpTracking::resumed(*info.tcp_state);
  session->outbound = info.outbound;
  session->inbound = info.inbound;
  session->deadline = session->wake = now_ + info.time_left;
  queue_.push(session->wake, session->id);
  return true;
}

bool Firewall::can_go_out(const Ipv6View& packet, Side from) {
  if (packet.hop_limit() <= 1) {
    ++counters_.dropped_hop_limit;
    send_error(packet, from, {icmpv6_type::time_exceeded, 0, 0});
    return false;
  }
  const std::uint16_t mtu = from == Side::inside ? config_.outside_mtu : config_.inside_mtu;
  if (packet.total_length() <= mtu) return true;
  ++counters_.dropped_too_big;
  send_error(packet, from, {icmpv6_type::packet_too_big, 0, mtu});
  return false;
}

void Firewall::send_error(const Ipv6View& about, Side toward, const IcmpHead& head) {
  if (!may_be_answered(about.bytes()) || !error_rate_.allows(now_)) return;
  if (commands_.size() >= config_.max_commands) return;
  ++counters_.icmp_errors_made;
  const IpAddress& own = toward == Side::inside ? config_.inside_address : config_.outside_address;
  commands_.push_back({toward, make_icmpv6_error(own, about.source(), head, about.bytes())});
}

std::optional<Command> Firewall::poll_command() {
  if (commands_.empty()) return std::nullopt;
  Command command = std::move(commands_.front());
  commands_.pop_front();
  return command;
}

void Firewall::for_each_session(Instant now,
                                const std::function<void(const SessionInfo&)>& visit) const {
  sessions_.for_each([&](Id, const Session& session) {
    SessionInfo info;
    info.protocol = session.flow.protocol == ipv6_header::icmpv6
                        ? Protocol::icmp
                        : static_cast<Protocol>(session.flow.protocol);
    info.inside = info.external = session.flow.inside;
    info.remote = session.flow.remote;
    if (info.protocol == Protocol::tcp) info.tcp_state = session.tcp.state();
    info.time_left = std::max(session.deadline - now, Duration::zero());
    info.outbound = session.outbound;
    info.inbound = session.inbound;
    visit(info);
  });
}

}  // namespace stile::nat
