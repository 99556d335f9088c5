#pragma once

#include <optional>

#include "nat/core/config.hpp"
#include "nat/core/port_pool.hpp"

namespace stile::nat {

/// RFC 7422 §2 with algorithm 0, "sequential": the subscribers of Config::subscribers have shares
/// of equal size, one behind the other, at the first external address, then at the second, and so
/// on. What is left at the end of each address is for blocks on demand.
class DeterministicPorts {
 public:
  explicit DeterministicPorts(const Config& config);

  struct Share {
    std::size_t external = 0;  ///< index in Config::external
    PortRange ports;
  };
  /// "Function 1".
  std::optional<Share> share_of(std::uint32_t inside) const;
  /// "Function 2".
  std::optional<std::uint32_t> owner_of(std::size_t external, std::uint16_t port) const;
  PortRange dynamic_ports() const;
  /// 0 if there are more subscribers than ports for them.
  std::uint32_t ports_per_subscriber() const { return share_; }

 private:
  AddressRange subscribers_;
  std::uint32_t first_port_ = 0;
  std::uint32_t last_port_ = 0;
  std::uint32_t per_external_ = 1;  ///< subscribers, the "compression ratio" C
  std::uint32_t share_ = 0;         ///< ports
};

}  // namespace stile::nat
