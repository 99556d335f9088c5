#include "nat/shell/next_hops.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "nat/packet/ipv4.hpp"

namespace stile::nat::shell {

namespace {

constexpr unsigned usable_states =
    NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP;

std::array<std::uint8_t, 4> wire(std::uint32_t address) {
  std::array<std::uint8_t, 4> bytes;
  store_u32(bytes.data(), address);
  return bytes;
}

std::optional<std::uint32_t> address_attribute(Bytes body, std::size_t header, std::uint16_t type) {
  const auto value = netlink_attribute(body, header, type);
  if (!value || value->size() != 4) return std::nullopt;
  return load_u32(value->data());
}

ndmsg neighbour_header(int interface_index) {
  ndmsg header{};
  header.ndm_family = AF_INET;
  header.ndm_ifindex = interface_index;
  return header;
}

/// What a RTM_NEWNEIGH or RTM_DELNEIGH says; nothing if it is of another link or family.
struct NeighbourReport {
  std::uint32_t address = 0;
  unsigned state = NUD_NONE;
  std::optional<MacAddress> mac;
};

std::optional<NeighbourReport> parse_neighbour(const NetlinkMessage& message, int interface_index) {
  ndmsg header;
  if (message.body.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, message.body.data(), sizeof header);
  if (header.ndm_family != AF_INET || header.ndm_ifindex != interface_index) return std::nullopt;
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

const std::uint32_t NextHops::notification_groups = RTMGRP_NEIGH | RTMGRP_IPV4_ROUTE;

NextHops::NextHops(Link& link, int interface_index)
    : link_(link), interface_index_(interface_index), netlink_(NETLINK_ROUTE, 0) {}

void NextHops::send(Instant now, MutableBytes packet) {
  const auto next_hop = next_hop_of(Ipv4View::parse(packet)->destination());
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

std::optional<std::uint32_t> NextHops::next_hop_of(std::uint32_t destination) {
  if (const auto known = routes_.find(destination); known != routes_.end()) return known->second;
  const auto next_hop = ask_route(destination);
  if (!next_hop) return std::nullopt;
  if (routes_.size() >= max_routes) routes_.clear();
  routes_.emplace(destination, *next_hop);
  return next_hop;
}

std::optional<std::uint32_t> NextHops::ask_route(std::uint32_t destination) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_dst_len = 32;
  NetlinkMessages request;
  request.begin(RTM_GETROUTE, NLM_F_ACK, header)
      .attribute(RTA_DST, wire(destination))
      .attribute_u32_native(RTA_OIF, static_cast<std::uint32_t>(interface_index_));
  std::optional<std::uint32_t> next_hop;
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

NextHops::Neighbour* NextHops::neighbour_of(Instant now, std::uint32_t next_hop) {
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

std::optional<MacAddress> NextHops::ask_neighbour(std::uint32_t next_hop) {
  NetlinkMessages request;
  request.begin(RTM_GETNEIGH, NLM_F_ACK, neighbour_header(interface_index_))
      .attribute(NDA_DST, wire(next_hop));
  std::optional<MacAddress> mac;
  netlink_.transact(request, 1, [&](const NetlinkMessage& message) {
    const auto report = parse_neighbour(message, interface_index_);
    if (report && (report->state & usable_states) != 0) mac = report->mac;
  });
  return mac;
}

/// Tells the kernel that the neighbour is in use, so that it resolves or confirms it. The answer is
/// a notification.
void NextHops::confirm(std::uint32_t next_hop) {
  ndmsg header = neighbour_header(interface_index_);
  header.ndm_flags = NTF_USE;
  NetlinkMessages request;
  request.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_ACK, header).attribute(NDA_DST, wire(next_hop));
  netlink_.transact(request, 1);
}

void NextHops::handle_notification(const NetlinkMessage& message) {
  if (message.type == RTM_NEWROUTE || message.type == RTM_DELROUTE) return routes_.clear();
  if (message.type != RTM_NEWNEIGH && message.type != RTM_DELNEIGH) return;
  const auto report = parse_neighbour(message, interface_index_);
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

void NextHops::failed(std::uint32_t next_hop) {
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
