#pragma once

#include <vector>

#include "nat/shell/descriptor.hpp"
#include "nat/shell/interface.hpp"

namespace stile::nat::shell {

/// Answers neighbour solicitations (RFC 4861 §7.2) for addresses that the NAT stands for and that
/// the link takes for neighbours of its own: a prefix that nobody routes here. As a proxy does it
/// (§7.2.8), so that who really has an address wins.
class NeighbourResponder {
 public:
  /// Not for the interface's own addresses, which the kernel answers for. Throws Problem.
  NeighbourResponder(const Interface& interface, std::vector<IpPrefix> prefixes);

  int fd() const { return fd_.get(); }
  /// Answers what has arrived.
  void handle_readable();

 private:
  bool is_ours(const IpAddress& target) const;

  Interface interface_;
  std::vector<IpPrefix> prefixes_;
  Descriptor fd_;
};

}  // namespace stile::nat::shell
