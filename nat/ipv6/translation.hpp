#pragma once

#include <expected>
#include <optional>
#include <vector>

#include "nat/ipv6/icmp_translation.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"

namespace stile::nat {

/// Which end of a packet an address is of: the host that the translator serves, or whom it talks
/// with.
enum class End : std::uint8_t { host, remote };

constexpr End other(End end) {
  return end == End::host ? End::remote : End::host;
}

/// RFC 7915 §6: which address of one family stands for one of the other. Nothing for an address
/// that must not be translated.
class AddressMapper {
 public:
  virtual ~AddressMapper() = default;
  virtual std::optional<std::uint32_t> to_ipv4(const IpAddress& address, End end) = 0;
  virtual std::optional<IpAddress> to_ipv6(std::uint32_t address, End end) = 0;
};

struct TranslationConfig {
  LinkMtus mtus;
  std::uint16_t lowest_ipv6_mtu = 1280;  ///< RFC 7915 §4.1
};

/// Why a packet is not translated.
enum class Untranslatable : std::uint8_t {
  malformed,
  address,             ///< one that nothing stands for
  icmp_type,           ///< an ICMP message that the other family has no counterpart for
  icmp_fragment,       ///< RFC 7915 §1.2
  zero_checksum,       ///< RFC 7915 §4.5: a fragment of UDP without a checksum
  routing_header,      ///< RFC 7915 §5.1: to be answered with Parameter Problem
  header_in_fragment,  ///< RFC 7915 §5.1.1
};

/// RFC 7915 §4. TTL and size are the caller's to judge, but what may be fragmented comes out in
/// pieces of at most lowest_ipv6_mtu. `source` says whose address the packet's source is.
std::expected<std::vector<ByteVector>, Untranslatable> translate_to_ipv6(
    const Ipv4View& packet, AddressMapper& addresses, End source, const TranslationConfig& config);

/// RFC 7915 §5. `identification` is for a packet that is no fragment.
std::expected<ByteVector, Untranslatable> translate_to_ipv4(const Ipv6View& packet,
                                                            AddressMapper& addresses, End source,
                                                            const TranslationConfig& config,
                                                            std::uint16_t identification);

}  // namespace stile::nat
