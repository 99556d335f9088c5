#include "nat/shell/next_hops.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"

namespace stile::nat::shell {

namespace {

constexpr unsigned usable_states =
    NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;

unsigned char kernel_family(Family family) {
  return family == Family::ipv4 ? AF_INET : AF_INET6;
}

std::optional<IpAddress> address_attribute(Bytes body, std::size_t header, std::uint16_t type) {
  const auto value = netlink_attribute(body, header, type);
  return value ? IpAddress::from_bytes(*value) : std::nullopt;
}

ndmsg neighbour_header(int interface_index, Family family) {
  ndmsg header{};
  header.ndm_family = kernel_family(family);
  header.ndm_ifindex = interface_index;
  return header;
}

IpAddress destination_of(Bytes packet) {
  const auto ipv4 = Ipv4View::parse(packet);
  return ipv4 ? IpAddress::v4(ipv4->destination()) : Ipv6View::parse(packet)->destination();
}

/// What a RTM_NEWNEIGH or RTM_DELNEIGH says; nothing if it is of another link or family.
struct NeighbourReport {
  IpAddress address;
  unsigned state = NUD_NONE;
  std::optional<MacAddress> mac;
};

std::optional<NeighbourReport> parse_neighbour(const NetlinkMessage& message, int interface_index,
                                               Family family) {
  ndmsg header;
  if (message.body.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, message.body.data(), sizeof header);
  if (header.ndm_family != kernel_family(family) || header.ndm_ifindex != interface_index)
    return std::nullopt;
  const auto address = address_attribute(message.body, sizeof header, NDA_DST);
  if (!address) return std::nullopt;
  NeighbourReport report{*address, header.ndm_state, std::nullopt};
  if (const auto mac = netlink_attribute(message.body, sizeof header, NDA_LLADDR);
      mac && mac->size() == 6) {
    report.mac.emplace();
    std::ranges::copy(*mac, report.mac->begin());
  }
  if (message.type == RTM_DELNEIGH) report.state = NUD_FAILED;
  return report;
}

}  // namespace

const std::uint32_t NextHops::notification_groups =
    RTMGRP_NEIGH | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;

NextHops::NextHops(Link& link, int interface_index, Family family)
    : link_(link), interface_index_(interface_index), family_(family), netlink_(NETLINK_ROUTE, 0) {}

void NextHops::send(Instant now, MutableBytes packet) {
  const auto next_hop = next_hop_of(destination_of(packet));
  if (!next_hop) {
    ++counters_.dropped_no_route;
    return;
  }
  Neighbour* neighbour = neighbour_of(now, *next_hop);
  if (neighbour && neighbour->mac) return link_.send(*neighbour->mac, packet);
  if (!neighbour || neighbour->waiting.size() >= max_waiting_packets) {
    ++counters_.dropped_unresolved;
    return;
  }
  neighbour->waiting.push_back(copy_of(packet));
}

std::optional<IpAddress> NextHops::next_hop_of(const IpAddress& destination) {
  if (const auto known = routes_.find(destination); known != routes_.end()) return known->second;
  const auto next_hop = ask_route(destination);
  if (!next_hop) return std::nullopt;
  if (routes_.size() >= max_routes) routes_.clear();
  routes_.emplace(destination, *next_hop);
  return next_hop;
}

std::optional<IpAddress> NextHops::ask_route(const IpAddress& destination) {
  rtmsg header{};
  header.rtm_family = kernel_family(family_);
  header.rtm_dst_len = family_ == Family::ipv4 ? 32 : 128;
  NetlinkMessages request;
  request.begin(RTM_GETROUTE, NLM_F_ACK, header)
      .attribute(RTA_DST, destination.wire_bytes())
      .attribute_u32_native(RTA_OIF, static_cast<std::uint32_t>(interface_index_));
  std::optional<IpAddress> next_hop;
  netlink_.transact(request, 1, [&](const NetlinkMessage& message) {
    rtmsg answer;
    if (message.type != RTM_NEWROUTE || message.body.size() < sizeof answer) return;
    std::memcpy(&answer, message.body.data(), sizeof answer);
    if (answer.rtm_type != RTN_UNICAST) return;
    // Limit: an IPv4 route through an IPv6 next hop (RTA_VIA) is taken for one without a gateway.
    next_hop = address_attribute(message.body, sizeof answer, RTA_GATEWAY).value_or(destination);
  });
  return next_hop;
}

NextHops::Neighbour* NextHops::neighbour_of(Instant now, const IpAddress& next_hop) {
  auto known = neighbours_.find(next_hop);
  if (known == neighbours_.end()) {
    if (neighbours_.size() >= max_neighbours) return nullptr;
    known = neighbours_.emplace(next_hop, Neighbour{ask_neighbour(next_hop), now, {}}).first;
    if (!known->second.mac) confirm(next_hop);
  } else if (now - known->second.asked > confirm_after) {
    known->second.asked = now;
    confirm(next_hop);
  }
  return &known->second;
}

std::optional<MacAddress> NextHops::ask_neighbour(const IpAddress& next_hop) {
  NetlinkMessages request;
  request.begin(RTM_GETNEIGH, NLM_F_ACK, neighbour_header(interface_index_, family_))
      .attribute(NDA_DST, next_hop.wire_bytes());
  std::optional<MacAddress> mac;
  netlink_.transact(request, 1, [&](const NetlinkMessage& message) {
    const auto report = parse_neighbour(message, interface_index_, family_);
    if (report && (report->state & usable_states) != 0) mac = report->mac;
  });
  return mac;
}

/// Tells the kernel that the neighbour is in use, so that it resolves or confirms it. The answer is
/// a notification.
void NextHops::confirm(const IpAddress& next_hop) {
  ndmsg header = neighbour_header(interface_index_, family_);
  header.ndm_flags = NTF_USE;
  NetlinkMessages request;
  request.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_ACK, header)
      .attribute(NDA_DST, next_hop.wire_bytes());
  netlink_.transact(request, 1);
}

void NextHops::handle_notification(const NetlinkMessage& message) {
  if (message.type == RTM_NEWROUTE || message.type == RTM_DELROUTE) return routes_.clear();
  if (message.type != RTM_NEWNEIGH && message.type != RTM_DELNEIGH) return;
  const auto report = parse_neighbour(message, interface_index_, family_);
  if (!report) return;
  const auto known = neighbours_.find(report->address);
  if (known == neighbours_.end()) return;
  if (report->mac && (report->state & usable_states) != 0)
    resolved(known->second, *report->mac);
  else if ((report->state & NUD_FAILED) != 0)
    failed(report->address);
}

void NextHops::resolved(Neighbour& neighbour, const MacAddress& mac) {
  neighbour.mac = mac;
  for (const ByteVector& packet : neighbour.waiting) link_.send_copy(mac, packet);
  neighbour.waiting.clear();
  link_.flush();
}

void NextHops::failed(const IpAddress& next_hop) {
  const auto known = neighbours_.find(next_hop);
  counters_.dropped_unresolved += known->second.waiting.size();
  neighbours_.erase(known);
}

void NextHops::forget_all() {
  routes_.clear();
  for (const auto& [address, neighbour] : neighbours_)
    counters_.dropped_unresolved += neighbour.waiting.size();
  neighbours_.clear();
}

}  // namespace stile::nat::shell
