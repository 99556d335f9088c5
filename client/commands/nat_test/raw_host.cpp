#include "client/commands/nat_test/raw_host.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "client/commands/run.hpp"
#include "nat/packet/ipv4.hpp"

namespace stile::nat_test {

namespace {

control::Descriptor open_socket(int family, int type, int protocol) {
  control::Descriptor socket(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!socket)
    throw CommandError(std::string("raw sockets: ") + std::strerror(errno) +
                       "; run as root, or with CAP_NET_RAW");
  return socket;
}

}  // namespace

RawHost::RawHost(std::vector<IpAddress> addresses, std::uint16_t control_port)
    : addresses_(std::move(addresses)),
      control_port_(control_port),
      listener_(open_socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP))),
      sender_(open_socket(AF_INET, SOCK_RAW, IPPROTO_RAW)) {}

void RawHost::send(Bytes packet) {
  const auto ipv4 = nat::Ipv4View::parse(packet);
  if (!ipv4) return;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(ipv4->destination());
  // What is lost is sent again by the test.
  static_cast<void>(::sendto(sender_.get(), packet.data(), packet.size(), 0,
                             reinterpret_cast<const sockaddr*>(&to), sizeof to));
}

std::optional<ByteVector> RawHost::receive() {
  std::array<std::uint8_t, 65536> buffer;
  for (;;) {
    sockaddr_ll from{};
    socklen_t size = sizeof from;
    const ssize_t length = ::recvfrom(listener_.get(), buffer.data(), buffer.size(), 0,
                                      reinterpret_cast<sockaddr*>(&from), &size);
    if (length < 0) return std::nullopt;
    const Bytes packet(buffer.data(), static_cast<std::size_t>(length));
    if (from.sll_pkttype == PACKET_HOST && is_wanted(packet)) return copy_of(packet);
  }
}

bool RawHost::is_wanted(Bytes packet) const {
  const auto ipv4 = nat::Ipv4View::parse(packet);
  if (!ipv4 || std::ranges::count(addresses_, IpAddress::v4(ipv4->destination())) == 0)
    return false;
  if (ipv4->protocol() != nat::ip_protocol::tcp || ipv4->fragment_offset() != 0) return true;
  const Bytes segment = ipv4->payload();
  return segment.size() >= 4 && load_u16(segment.data()) != control_port_ &&
         load_u16(&segment[2]) != control_port_;
}

}  // namespace stile::nat_test
