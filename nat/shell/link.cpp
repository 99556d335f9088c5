#include "nat/shell/link.hpp"

#include <net/if.h>

#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

std::optional<MutableBytes> packet_in(MutableBytes bytes) {
  if (const auto ipv4 = Ipv4Packet::parse(bytes)) return ipv4->bytes();
  if (const auto ipv6 = Ipv6Packet::parse(bytes)) return ipv6->bytes();
  return std::nullopt;
}

void require_present(const Interface& interface) {
  char name[IF_NAMESIZE];
  if (::if_indextoname(static_cast<unsigned>(interface.index), name) == nullptr)
    throw Problem("interface " + interface.name +
                  " is gone; make it again and start stile-nat again");
}

}  // namespace stile::nat::shell
