#include "nat/sim/host.hpp"

#include <algorithm>

#include "nat/packet/builder.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/udp.hpp"

namespace stile::sim {

namespace {
constexpr std::uint8_t protocol_udp = 17;
}

void Host::add_address(const IpAddress& address) {
  segment_.attach(address, [this](ByteVector packet) { receive(std::move(packet)); });
}

void Host::send(const TransportAddress& from, const TransportAddress& to, Bytes payload) {
  segment_.send(nat::make_udp(from, to, payload));
}

void Host::receive(ByteVector packet) {
  const auto ip = nat::Ipv4View::parse(packet);
  if (!ip || ip->protocol() != protocol_udp || ip->is_fragment() || !ip->checksum_is_right())
    return;
  const auto udp = nat::UdpView::parse(ip->payload());
  if (!udp) return;
  const TransportAddress to{IpAddress::v4(ip->destination()), udp->destination_port()};
  const TransportAddress from{IpAddress::v4(ip->source()), udp->source_port()};
  const auto socket = sockets_.find(to);
  if (socket == sockets_.end()) return;
  // As a shell hands it to a core: with room around it.
  const Bytes payload = udp->payload();
  ByteVector buffer(datagram_headroom + payload.size() + datagram_tailroom);
  std::ranges::copy(payload, buffer.begin() + datagram_headroom);
  const Receiver receiver = socket->second;
  receiver(from, MutableBytes(buffer).subspan(datagram_headroom, payload.size()));
}

}  // namespace stile::sim
