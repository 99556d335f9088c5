#include "nat/shell/neighbour_responder.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "nat/ipv6/neighbour_discovery.hpp"
#include "nat/packet/ipv6.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

constexpr std::uint32_t ethernet_header = 14;

/// Solicitations, and nothing else of what the link carries.
void attach_filter(int fd) {
  const auto load_byte = [](std::uint32_t at) {
    return sock_filter{BPF_LD | BPF_B | BPF_ABS, 0, 0, at};
  };
  const auto skip_unless = [](std::uint32_t value, std::uint8_t skip) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, skip, value};
  };
  const std::array<sock_filter, 6> program{load_byte(ethernet_header + 6),
                                           skip_unless(ipv6_header::icmpv6, 3),
                                           load_byte(ethernet_header + 40),
                                           skip_unless(neighbour_discovery::solicitation, 1),
                                           sock_filter{BPF_RET | BPF_K, 0, 0, 0xffffffff},
                                           sock_filter{BPF_RET | BPF_K, 0, 0, 0}};
  const sock_fprog filter{program.size(), const_cast<sock_filter*>(program.data())};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0)
    throw Problem(with_errno("attaching a packet filter"));
}

}  // namespace

NeighbourResponder::NeighbourResponder(const Interface& interface, std::vector<IpPrefix> prefixes)
    : interface_(interface),
      prefixes_(std::move(prefixes)),
      fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (!fd_) throw Problem(with_errno("opening a packet socket"));
  attach_filter(fd_.get());
  // Solicitations go to groups that are made of the address, which nobody here has joined.
  packet_mreq all{};
  all.mr_ifindex = interface_.index;
  all.mr_type = PACKET_MR_ALLMULTI;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_IPV6);
  address.sll_ifindex = interface_.index;
  if (::setsockopt(fd_.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) != 0 ||
      ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw Problem(with_errno("binding a packet socket to " + interface_.name));
}

void NeighbourResponder::handle_readable() {
  std::array<std::uint8_t, 512> buffer;
  for (;;) {
    const ssize_t length = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (length < 0) return;
    const Bytes frame(buffer.data(), static_cast<std::size_t>(length));
    const auto target = solicited_target(frame);
    if (!target || !is_ours(*target)) continue;
    const ByteVector answer = neighbour_advertisement(frame, interface_.mac);
    // One that is lost is asked for again.
    static_cast<void>(::send(fd_.get(), answer.data(), answer.size(), MSG_DONTWAIT));
  }
}

bool NeighbourResponder::is_ours(const IpAddress& target) const {
  return std::ranges::any_of(prefixes_,
                             [&](const IpPrefix& prefix) { return prefix.contains(target); }) &&
         std::ranges::count(interface_.ipv6_addresses, target) == 0;
}

}  // namespace stile::nat::shell
