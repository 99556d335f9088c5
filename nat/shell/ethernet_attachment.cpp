#include "nat/shell/ethernet_attachment.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>

#include "nat/packet/ipv4.hpp"
#include "nat/shell/driver.hpp"
#include "nat/shell/packet_link.hpp"
#include "nat/shell/problem.hpp"
#include "nat/shell/xdp_support.hpp"

namespace stile::nat::shell {

namespace {

std::unique_ptr<Link> make_link(const RealmSetup& realm, const Placement& placement,
                                PacketsBy packets_by) {
  switch (packets_by) {
    case PacketsBy::packet:
      return std::make_unique<PacketLink>(realm.interface, realm.family);
    case PacketsBy::xdp:
      return make_xdp_link(realm, placement);
    case PacketsBy::automatic:
      break;
  }
  // Checksums that a sender on this very machine leaves open are mended (offload.hpp), those of
  // what its tunnels carry are not.
  if (driver_of(realm.interface.name) == "veth")
    return std::make_unique<PacketLink>(realm.interface, realm.family);
  try {
    return make_xdp_link(realm, placement);
  } catch (const Problem&) {
    // What is missing for it, rights or a driver, need not be there.
    return std::make_unique<PacketLink>(realm.interface, realm.family);
  }
}

}  // namespace

EthernetAttachment::Realm::Realm(const RealmSetup& setup, std::unique_ptr<Link> made)
    : link(std::move(made)),
      next_hops(*link, setup.interface.index, setup.family),
      left_to_kernel(setup.left_to_kernel),
      index(setup.interface.index),
      mtu(setup.interface.mtu) {}

bool EthernetAttachment::Realm::is_left_to_kernel(Bytes packet) const {
  const auto ipv4 = Ipv4View::parse(packet);
  return ipv4 && std::ranges::count(left_to_kernel, IpAddress::v4(ipv4->destination())) != 0;
}

/// The kernel tells of links for many reasons.
bool EthernetAttachment::Realm::takes_new_mtu(const NetlinkMessage& message) {
  ifinfomsg header;
  if (message.type != RTM_NEWLINK || message.body.size() < sizeof header) return false;
  std::memcpy(&header, message.body.data(), sizeof header);
  const auto value = netlink_attribute(message.body, sizeof header, IFLA_MTU);
  if (header.ifi_index != index || !value || value->size() != sizeof mtu) return false;
  const std::uint32_t before = mtu;
  std::memcpy(&mtu, value->data(), sizeof mtu);
  return mtu != before;
}

EthernetAttachment::EthernetAttachment(const std::string& name, const Placement& placement,
                                       PacketsBy packets_by)
    : fence_(name, placement.fenced_ipv4, placement.fenced_ipv6),
      inside_(placement.inside, make_link(placement.inside, placement, packets_by)),
      outside_(placement.outside, make_link(placement.outside, placement, packets_by)),
      kernel_news_(NETLINK_ROUTE,
                   NextHops::notification_groups | RTMGRP_IPV4_IFADDR | RTMGRP_LINK) {
  if (!placement.proxied.empty()) arp_.emplace(placement.outside.interface, placement.proxied);
  for (const RealmSetup* realm : {&placement.inside, &placement.outside})
    if (!realm->proxied_prefixes.empty())
      neighbours_.emplace_back(realm->interface, realm->proxied_prefixes);
}

void EthernetAttachment::start(EventLoop& loop, Handlers handlers) {
  handlers_ = std::move(handlers);
  loop.watch(inside_.link->fd(), [this] { receive(Side::inside); });
  loop.watch(outside_.link->fd(), [this] { receive(Side::outside); });
  loop.watch(kernel_news_.fd(), [this] { handle_kernel_news(); });
  for (NeighbourResponder& responder : neighbours_)
    loop.watch(responder.fd(), [&responder] { responder.handle_readable(); });
  if (!arp_) return;
  loop.watch(arp_->fd(), [this] { arp_->handle_readable(); });
  arp_->announce();
}

void EthernetAttachment::receive(Side from) {
  Realm& at = realm(from);
  translated_.clear();
  for (const ReceivedPacket& received : at.link->receive())
    if (!at.is_left_to_kernel(received.packet)) translated_.push_back(received);
  handlers_.packets(from, translated_);
}

void EthernetAttachment::flush() {
  inside_.link->flush();
  outside_.link->flush();
}

void EthernetAttachment::flush_bundle() {
  inside_.link->flush_bundle();
  outside_.link->flush_bundle();
}

void EthernetAttachment::handle_kernel_news() {
  bool changed = false;
  const bool complete = kernel_news_.receive([&](const NetlinkMessage& message) {
    inside_.next_hops.handle_notification(message);
    outside_.next_hops.handle_notification(message);
    changed |= message.type == RTM_NEWADDR || message.type == RTM_DELADDR;
    for (Realm* realm : {&inside_, &outside_}) changed |= realm->takes_new_mtu(message);
  });
  if (complete && !changed) return;
  inside_.next_hops.forget_all();
  outside_.next_hops.forget_all();
  handlers_.interfaces_changed();
}

void EthernetAttachment::follow(const Placement& placement) {
  fence_.replace(placement.fenced_ipv4);
  inside_.left_to_kernel = placement.inside.left_to_kernel;
  outside_.left_to_kernel = placement.outside.left_to_kernel;
  for (Realm* realm : {&inside_, &outside_}) realm->link->leave_to_kernel(realm->left_to_kernel);
}

RealmCounters EthernetAttachment::counters(Side side) const {
  return {realm(side).link->counters(), realm(side).next_hops.counters()};
}

}  // namespace stile::nat::shell
