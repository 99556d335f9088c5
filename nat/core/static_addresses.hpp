#pragma once

#include <optional>

#include "nat/core/config.hpp"
#include "nat/core/flow_table.hpp"

namespace stile::nat {

/// The pairs of Config::static_addresses, found by either address.
class StaticAddresses {
 public:
  StaticAddresses(const Config& config, Random& random) : externals_(random), insides_(random) {
    for (const StaticAddress& pair : config.static_addresses) {
      externals_.at({pair.inside.v4_bits(), 0}) = pair.external.v4_bits();
      insides_.at({pair.external.v4_bits(), 0}) = pair.inside.v4_bits();
    }
  }

  bool empty() const { return insides_.size() == 0; }
  std::optional<std::uint32_t> external_of(std::uint32_t inside) const {
    return find(externals_, inside);
  }
  std::optional<std::uint32_t> inside_of(std::uint32_t external) const {
    return find(insides_, external);
  }

 private:
  using Table = FlowTable<std::uint32_t>;
  static std::optional<std::uint32_t> find(const Table& table, std::uint32_t address) {
    if (table.size() == 0) return std::nullopt;
    const std::uint32_t* found = table.find({address, 0});
    return found ? std::optional(*found) : std::nullopt;
  }

  Table externals_;
  Table insides_;
};

}  // namespace stile::nat
