#include "server/shell/ip_options.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

namespace stile::server {

namespace {

void set(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

}  // namespace

void pass_on_ip_fields(int fd, Family family) {
  switch (family) {
    case Family::ipv4:
      set(fd, IPPROTO_IP, IP_RECVTOS, 1);
      return set_dont_fragment(fd, family, false);
    case Family::ipv6:
      return set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  }
}

void set_dont_fragment(int fd, Family family, bool on) {
  switch (family) {
    case Family::ipv4:
      // Neither believes what an ICMP error has once said of a path: the router's word goes to the
      // client, each time.
      return set(fd, IPPROTO_IP, IP_MTU_DISCOVER, on ? IP_PMTUDISC_PROBE : IP_PMTUDISC_OMIT);
    case Family::ipv6:
      // No router fragments IPv6 (RFC 8200 §4.5): what may be fragmented follows the path's MTU.
      return set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
                 on ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_WANT);
  }
}

}  // namespace stile::server
