#pragma once

#include <optional>
#include <string_view>

#include "stile/base/address.hpp"

namespace stile::nat {

/// RFC 6052 §2: an IPv6 prefix in which each IPv4 address has its own IPv6 address.
class Prefix64 {
 public:
  /// 64:ff9b::/96, the Well-Known Prefix.
  Prefix64();
  /// Nothing unless the length is one of 32, 40, 48, 56, 64 and 96 and bits 64 to 71 are zero.
  static std::optional<Prefix64> make(const IpPrefix& prefix);
  static std::optional<Prefix64> parse(std::string_view text);

  /// RFC 6052 §2.3, "IPv4-converted" or "IPv4-translatable".
  IpAddress embed(std::uint32_t ipv4) const;
  /// The IPv4 address in one of this prefix. A suffix is not looked at (§2.2: it is ignored).
  std::optional<std::uint32_t> extract(const IpAddress& address) const;
  /// The IPv4 block whose addresses are those of an IPv6 block: all of IPv4 for a block that has
  /// this prefix in it, nothing for one beside it.
  std::optional<IpPrefix> extract(const IpPrefix& block) const;
  const IpPrefix& prefix() const { return prefix_; }
  /// RFC 6052 §3.1: it must not stand for addresses that are not global.
  bool is_well_known() const;

 private:
  explicit Prefix64(const IpPrefix& prefix) : prefix_(prefix) {}
  IpPrefix prefix_;
};

/// RFC 6890's special-purpose blocks that are not global, as RFC 6052 §3.1 has it.
bool is_global(std::uint32_t ipv4);

}  // namespace stile::nat
