#include "nat/shell/arp_responder.hpp"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

// RFC 826, with IPv4 over Ethernet:
//
//     0                   1                   2                   3
//     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//    +-------------------------------+-------------------------------+
//    |     hardware type (1)         |     protocol type (0x0800)    |
//    +---------------+---------------+-------------------------------+
//    |  length (6)   |  length (4)   |   operation (1 or 2)          |
//    +---------------+---------------+-------------------------------+
//    |  sender's MAC (6), sender's IP (4), target's MAC (6), target's IP (4)
constexpr std::size_t message_size = 28;
constexpr std::size_t frame_size = 14 + message_size;
constexpr std::uint64_t ethernet_ipv4 = 0x000108000604;  // the first six bytes
constexpr std::uint16_t request = 1;
constexpr std::uint16_t reply = 2;
constexpr MacAddress broadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

bool is_request(Bytes frame) {
  return frame.size() >= frame_size && load_u64(frame.data() + 14) >> 16 == ethernet_ipv4 &&
         load_u16(frame.data() + 20) == request;
}

}  // namespace

ArpResponder::ArpResponder(const Interface& interface, std::vector<IpAddress> addresses)
    : interface_(interface),
      addresses_(std::move(addresses)),
      fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ARP))) {
  if (!fd_) throw Problem(with_errno("opening a packet socket"));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ARP);
  address.sll_ifindex = interface_.index;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw Problem(with_errno("binding a packet socket to " + interface_.name));
}

void ArpResponder::handle_readable() {
  std::array<std::uint8_t, 128> buffer;
  for (;;) {
    const ssize_t length = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length < 0) return;
    const Bytes frame(buffer.data(), static_cast<std::size_t>(length));
    if (!is_request(frame)) continue;
    const auto target = IpAddress::v4(load_u32(frame.data() + 38));
    MacAddress asker;
    std::ranges::copy(frame.subspan(22, 6), asker.begin());
    if (asker == interface_.mac || !std::ranges::count(addresses_, target)) continue;
    send(target, reply, asker, frame.subspan(28, 4), asker);
  }
}

void ArpResponder::announce() {
  for (const IpAddress& address : addresses_)
    send(address, request, {}, address.wire_bytes(), broadcast);
}

void ArpResponder::send(const IpAddress& address, std::uint16_t operation, const MacAddress& to_mac,
                        Bytes to_address, const MacAddress& to_link) {
  std::array<std::uint8_t, frame_size> frame{};
  std::ranges::copy(to_link, frame.begin());
  std::ranges::copy(interface_.mac, frame.begin() + 6);
  store_u16(frame.data() + 12, ETHERTYPE_ARP);
  store_u64(frame.data() + 14, ethernet_ipv4 << 16 | operation);
  std::ranges::copy(interface_.mac, frame.begin() + 22);
  std::ranges::copy(address.wire_bytes(), frame.begin() + 28);
  std::ranges::copy(to_mac, frame.begin() + 32);
  std::ranges::copy(to_address, frame.begin() + 38);
  // A reply that is lost is asked for again.
  static_cast<void>(::send(fd_.get(), frame.data(), frame.size(), MSG_DONTWAIT));
}

}  // namespace stile::nat::shell
