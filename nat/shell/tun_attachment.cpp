#include "nat/shell/tun_attachment.hpp"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"
#include "nat/shell/netlink.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

// Limit: packets at one time, so that the others of the loop have their turn.
constexpr int batch_size = 64;
constexpr std::size_t largest_packet = 65536;

Descriptor open_tun(const std::string& name) {
  Descriptor fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!fd) throw Problem(with_errno("opening /dev/net/tun"));
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), std::min<std::size_t>(name.size(), IFNAMSIZ - 1));
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(fd.get(), TUNSETIFF, &request) == 0) return fd;
  if (errno == EBUSY) throw Problem("TUN device " + name + " is in use; give another --tun");
  if (errno == EINVAL) throw Problem("interface " + name + " is no TUN device; give another --tun");
  throw Problem(with_errno("making TUN device " + name));
}

void set_up(NetlinkSocket& netlink, const Interface& tun) {
  ifinfomsg header{};
  header.ifi_index = tun.index;
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  NetlinkMessages request;
  request.begin(RTM_NEWLINK, NLM_F_ACK, header).attribute_u32_native(IFLA_MTU, tun.mtu);
  errno = netlink.transact(request, 1);
  if (errno != 0) throw Problem(with_errno("setting up TUN device " + tun.name));
}

void add_route(NetlinkSocket& netlink, const Interface& tun, const IpPrefix& to) {
  rtmsg header{};
  header.rtm_family = to.address().is_v4() ? AF_INET : AF_INET6;
  header.rtm_dst_len = static_cast<unsigned char>(to.length());
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = to.address().is_v4() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  NetlinkMessages request;
  request.begin(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_ACK, header)
      .attribute(RTA_DST, to.address().wire_bytes())
      .attribute_u32_native(RTA_OIF, static_cast<std::uint32_t>(tun.index));
  errno = netlink.transact(request, 1);
  // Who has made the device may have made its routes as well.
  if (errno != 0 && errno != EEXIST)
    throw Problem(with_errno("routing " + to.to_string() + " to TUN device " + tun.name));
}

void route(const Placement& placement) {
  Interface tun = placement.inside.interface;
  tun.index = static_cast<int>(::if_nametoindex(tun.name.c_str()));
  NetlinkSocket netlink(NETLINK_ROUTE, 0);
  set_up(netlink, tun);
  for (const IpPrefix& prefix : placement.routed) add_route(netlink, tun, prefix);
}

}  // namespace

TunAttachment::TunAttachment(const Placement& placement)
    : name_(placement.inside.interface.name),
      inside_family_(placement.inside.family),
      outside_family_(placement.outside.family),
      inside_networks_(placement.inside.interface.networks),
      fd_(open_tun(name_)),
      buffer_(frame_headroom + largest_packet) {
  route(placement);
}

void TunAttachment::start(EventLoop& loop, Handlers handlers) {
  handlers_ = std::move(handlers);
  loop.watch(fd_.get(), [this] { receive(); });
}

void TunAttachment::receive() {
  for (int i = 0; i < batch_size; ++i) {
    const ssize_t length = ::read(fd_.get(), buffer_.data() + frame_headroom, largest_packet);
    if (length < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      throw Problem("TUN device " + name_ + " is gone; start stile-nat again");
    }
    const auto packet =
        packet_in(MutableBytes(buffer_).subspan(frame_headroom, static_cast<std::size_t>(length)));
    if (!packet || !is_of_ours(*packet)) continue;
    const Side from = side_of(*packet);
    ++counters_[index(from)].link.received;
    const ReceivedPacket received{*packet, {}};
    handlers_.packets(from, {&received, 1});
  }
}

/// The kernel has its own to say to every device, in IPv6 above all.
bool TunAttachment::is_of_ours(Bytes packet) const {
  const Family family = Ipv4View::parse(packet) ? Family::ipv4 : Family::ipv6;
  return family == inside_family_ || family == outside_family_;
}

Side TunAttachment::side_of(Bytes packet) const {
  const auto ipv4 = Ipv4View::parse(packet);
  if (inside_family_ != outside_family_)
    return (inside_family_ == Family::ipv4) == ipv4.has_value() ? Side::inside : Side::outside;
  const IpAddress source = ipv4 ? IpAddress::v4(ipv4->source()) : Ipv6View::parse(packet)->source();
  const bool is_inside = std::ranges::any_of(
      inside_networks_, [&](const IpPrefix& network) { return network.contains(source); });
  return is_inside ? Side::inside : Side::outside;
}

void TunAttachment::send(Instant, Side to, MutableBytes packet) {
  LinkCounters& link = counters_[index(to)].link;
  if (::write(fd_.get(), packet.data(), packet.size()) < 0)
    ++link.dropped_send;
  else
    ++link.sent;
}

}  // namespace stile::nat::shell
