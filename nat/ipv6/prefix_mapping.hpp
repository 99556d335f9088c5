#pragma once

#include <expected>
#include <optional>

#include "stile/base/address.hpp"

namespace stile::nat {

/// Why an address has no counterpart.
enum class Unmapped : std::uint8_t {
  prefix,     ///< not of the prefix
  subnet,     ///< RFC 6296 §3.2: subnet 0xFFFF, or one that the longer prefix has no room for
  interface,  ///< RFC 6296 §3.7: an interface identifier of zeros or ones
};

/// RFC 6296 §3: addresses of an internal prefix and of an external one, one to one, so that the
/// checksums over them stay the same.
class PrefixMapping {
 public:
  /// The shorter of the two is extended with zeros to the length of the other (§3.1).
  PrefixMapping(const IpPrefix& internal, const IpPrefix& external);

  std::expected<IpAddress, Unmapped> to_external(const IpAddress& address) const;
  std::expected<IpAddress, Unmapped> to_internal(const IpAddress& address) const;
  const IpPrefix& internal() const { return internal_; }
  const IpPrefix& external() const { return external_; }
  std::uint16_t adjustment() const { return adjustment_; }

 private:
  std::expected<IpAddress, Unmapped> map(const IpAddress& address, const IpPrefix& from,
                                         const IpPrefix& to, std::uint16_t adjustment) const;

  IpPrefix internal_;
  IpPrefix external_;
  std::uint16_t adjustment_;
};

/// One line, or nothing if a mapping can be made of them.
std::optional<std::string> problem_with_prefixes(const IpPrefix& internal,
                                                 const IpPrefix& external);

}  // namespace stile::nat
