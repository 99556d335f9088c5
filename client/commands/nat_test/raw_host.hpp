#pragma once

#include <optional>
#include <vector>

#include "control/descriptor.hpp"
#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat_test {

/// Sends whole IPv4 packets from this machine, and hears those that come to some of its addresses,
/// in place of its kernel.
class RawHost {
 public:
  /// TCP segments from or to `control_port` are left out: by these the two ends talk. Needs root;
  /// throws CommandError.
  RawHost(std::vector<IpAddress> addresses, std::uint16_t control_port);

  int fd() const { return listener_.get(); }
  const std::vector<IpAddress>& addresses() const { return addresses_; }
  void send(Bytes packet);
  /// The next that has arrived, if there is one.
  std::optional<ByteVector> receive();

 private:
  bool is_wanted(Bytes packet) const;

  std::vector<IpAddress> addresses_;
  std::uint16_t control_port_;
  control::Descriptor listener_;
  control::Descriptor sender_;
};

}  // namespace stile::nat_test
