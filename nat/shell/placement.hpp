#pragma once

#include <vector>

#include "nat/shell/interface.hpp"
#include "nat/shell/kernel_fence.hpp"

namespace stile::nat::shell {

/// One side of the NAT as this machine has it.
struct RealmSetup {
  Interface interface;
  Family family = Family::ipv4;
  /// IPv4 destinations that are this machine's own and not translated: the kernel answers for them,
  /// as it always does.
  std::vector<IpAddress> left_to_kernel;
  /// IPv6 that the NAT stands for there: neighbours who ask for it are answered.
  std::vector<IpPrefix> proxied_prefixes;
};

/// Between what a translator stands, and what the kernel is kept from.
struct Placement {
  RealmSetup inside;
  RealmSetup outside;
  std::vector<FencedInterface> fenced_ipv4;
  std::vector<FencedPrefix> fenced_ipv6;
  /// External IPv4 addresses that no interface has: ARP is answered for them.
  std::vector<IpAddress> proxied;
  /// Of a TUN device: what the kernel is to route to it.
  std::vector<IpPrefix> routed;
};

}  // namespace stile::nat::shell
