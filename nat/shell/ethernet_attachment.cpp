#include "nat/shell/ethernet_attachment.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>

#include "nat/packet/ipv4.hpp"
#include "nat/shell/packet_link.hpp"

namespace stile::nat::shell {

EthernetAttachment::Realm::Realm(const RealmSetup& setup)
    : link(std::make_unique<PacketLink>(setup.interface, setup.family)),
      next_hops(*link, setup.interface.index, setup.family),
      left_to_kernel(setup.left_to_kernel) {}

bool EthernetAttachment::Realm::is_left_to_kernel(Bytes packet) const {
  const auto ipv4 = Ipv4View::parse(packet);
  return ipv4 && std::ranges::count(left_to_kernel, IpAddress::v4(ipv4->destination())) != 0;
}

EthernetAttachment::EthernetAttachment(const std::string& name, const Placement& placement)
    : fence_(name, placement.fenced_ipv4, placement.fenced_ipv6),
      inside_(placement.inside),
      outside_(placement.outside),
      kernel_news_(NETLINK_ROUTE, NextHops::notification_groups | RTMGRP_IPV4_IFADDR) {
  if (!placement.proxied.empty()) arp_.emplace(placement.outside.interface, placement.proxied);
}

void EthernetAttachment::start(EventLoop& loop, Handlers handlers) {
  handlers_ = std::move(handlers);
  loop.watch(inside_.link->fd(), [this] { receive(Side::inside); });
  loop.watch(outside_.link->fd(), [this] { receive(Side::outside); });
  loop.watch(kernel_news_.fd(), [this] { handle_kernel_news(); });
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

void EthernetAttachment::handle_kernel_news() {
  bool addresses_changed = false;
  const bool complete = kernel_news_.receive([&](const NetlinkMessage& message) {
    inside_.next_hops.handle_notification(message);
    outside_.next_hops.handle_notification(message);
    addresses_changed |= message.type == RTM_NEWADDR || message.type == RTM_DELADDR;
  });
  if (complete && !addresses_changed) return;
  inside_.next_hops.forget_all();
  outside_.next_hops.forget_all();
  handlers_.addresses_changed();
}

void EthernetAttachment::follow(const Placement& placement) {
  fence_.replace(placement.fenced_ipv4);
  inside_.left_to_kernel = placement.inside.left_to_kernel;
  outside_.left_to_kernel = placement.outside.left_to_kernel;
}

RealmCounters EthernetAttachment::counters(Side side) const {
  return {realm(side).link->counters(), realm(side).next_hops.counters()};
}

}  // namespace stile::nat::shell
