#include "server/shell/peer_errors.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "server/shell/socket.hpp"

namespace stile::server {

namespace {

struct Control {
  alignas(cmsghdr) std::array<std::uint8_t, 256> bytes;
};

/// A datagram that may not be fragmented and that the first link does not take is an error of this
/// host's kernel, not of a router; the client is told what a router would tell.
stun::Icmp icmp_of(const sock_extended_err& error, Family family) {
  switch (error.ee_origin) {
    case SO_EE_ORIGIN_ICMP:
    case SO_EE_ORIGIN_ICMP6:
      return {error.ee_type, error.ee_code, error.ee_info};
    case SO_EE_ORIGIN_LOCAL:
      if (error.ee_errno != EMSGSIZE) break;
      return family == Family::ipv4 ? stun::Icmp{3, 4, error.ee_info}
                                    : stun::Icmp{2, 0, error.ee_info};
  }
  return {};
}

bool is_extended_error(const cmsghdr& header) {
  return (header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_RECVERR) ||
         (header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_RECVERR);
}

}  // namespace

void keep_peer_errors(int fd, Family family) {
  const int on = 1;
  if (family == Family::ipv4)
    setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  else
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

std::optional<PeerError> take_peer_error(int fd) {
  SocketAddress peer;
  Control control;
  msghdr message{};
  message.msg_name = &peer.storage;
  message.msg_namelen = sizeof peer.storage;
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  PeerError taken{peer.transport_address(), {}};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (!is_extended_error(*header)) continue;
    sock_extended_err error;
    std::memcpy(&error, CMSG_DATA(header), sizeof error);
    taken.icmp = icmp_of(error, taken.peer.ip.family());
  }
  return taken;
}

}  // namespace stile::server
