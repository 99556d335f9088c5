#pragma once

#include <vector>

#include "nat/shell/descriptor.hpp"
#include "nat/shell/interface.hpp"

namespace stile::nat::shell {

/// Answers ARP (RFC 826) on the outside for external addresses that the machine itself does not
/// have, so that the kernel need not be told of them and nothing is left when the program ends.
class ArpResponder {
 public:
  /// Throws Problem.
  ArpResponder(const Interface& interface, std::vector<IpAddress> addresses);

  int fd() const { return fd_.get(); }
  /// Answers what has arrived.
  void handle_readable();
  /// RFC 5227 §2.3: tells the link whose the addresses are now.
  void announce();

 private:
  void send(const IpAddress& address, std::uint16_t operation, const MacAddress& to_mac,
            Bytes to_address, const MacAddress& to_link);

  Interface interface_;
  std::vector<IpAddress> addresses_;
  Descriptor fd_;
};

}  // namespace stile::nat::shell
