#pragma once

#include <string>
#include <vector>

#include "nat/shell/netlink.hpp"
#include "stile/base/address.hpp"

namespace stile::nat::shell {

/// `left_to_kernel`: what is addressed to these stays with the kernel, so that programs on this
/// machine can be reached.
struct FencedInterface {
  int index = 0;
  std::vector<IpAddress> left_to_kernel;
};

/// IPv6 destinations that the kernel is kept from; all else of IPv6, neighbour discovery above all,
/// stays with it.
struct FencedPrefix {
  enum class Verdict : std::uint8_t { drop, leave };
  int interface = 0;
  IpPrefix destinations;
  Verdict verdict = Verdict::drop;  ///< `leave`: to the kernel, whatever the ones behind say
};

/// Keeps the kernel's own IPv4 stack away from the packets that the NAT handles: it neither answers
/// nor forwards what comes in on the two interfaces. Packet sockets see them all the same, ARP is
/// not touched.
///
/// It is an nf_tables table with the owner flag: the kernel removes it when the netlink socket in
/// this object is closed, thus also when the process is killed, and nobody else can change it.
/// Needs Linux 5.12. Broadcast and multicast stay with the kernel (DHCP, mDNS).
class KernelFence {
 public:
  /// Throws Problem.
  KernelFence(std::string table_name, const std::vector<FencedInterface>& interfaces,
              std::vector<FencedPrefix> prefixes = {});

  /// In one step: there is no moment without a fence. Throws Problem.
  void replace(const std::vector<FencedInterface>& interfaces);

 private:
  std::string table_name_;
  std::vector<FencedPrefix> prefixes_;
  NetlinkSocket socket_;
};

}  // namespace stile::nat::shell
