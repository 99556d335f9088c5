#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "stile/base/address.hpp"

namespace stile::nat_test {

/// Keeps this machine's kernel from answering what comes to the ports that the tests use
/// (20000-29999 and a few more): its RSTs and ICMP errors would be taken for the NAT's. An nftables
/// table that ends with this object, and with the program, however that ends.
class PortGuard {
 public:
  /// Throws CommandError.
  explicit PortGuard(const std::vector<IpAddress>& addresses);

 private:
  struct Close {
    void operator()(std::FILE* pipe) const { pclose(pipe); }
  };
  std::unique_ptr<std::FILE, Close> nft_;
};

}  // namespace stile::nat_test
