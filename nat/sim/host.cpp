#include "nat/sim/host.hpp"

#include <algorithm>

#include "nat/packet/builder.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/udp.hpp"

namespace stile::sim {

void Host::add_address(const IpAddress& address) {
  segment_.attach(address, [this](ByteVector packet) { receive(std::move(packet)); });
}

void Host::send(const TransportAddress& from, const TransportAddress& to, Bytes payload,
                std::optional<std::uint8_t> ttl) {
  nat::Ipv4Fields fields;
  fields.ttl = ttl.value_or(fields.ttl);
  segment_.send(nat::make_udp(from, to, payload, fields));
}

void Host::receive(ByteVector packet) {
  const auto ip = nat::Ipv4View::parse(packet);
  if (!ip || ip->is_fragment() || !ip->checksum_is_right()) return;
  if (ip->protocol() == nat::ip_protocol::tcp) return receive_tcp(*ip);
  if (ip->protocol() != nat::ip_protocol::udp) return;
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

void Host::receive_tcp(const nat::Ipv4View& ip) {
  const auto segment = nat::TcpView::parse(ip.payload());
  if (segment && tcp_)
    tcp_({IpAddress::v4(ip.source()), segment->source_port()},
         {IpAddress::v4(ip.destination()), segment->destination_port()}, *segment);
}

}  // namespace stile::sim
