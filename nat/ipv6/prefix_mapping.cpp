#include "nat/ipv6/prefix_mapping.hpp"

#include <algorithm>

#include "nat/packet/checksum.hpp"

namespace stile::nat {

namespace {

using Words = std::array<std::uint8_t, 16>;

constexpr std::size_t subnet_word = 6;  ///< bits 48 to 63, as a byte
constexpr unsigned longest_with_subnet = 48;

std::uint16_t ones_add(std::uint16_t a, std::uint16_t b) {
  const std::uint32_t sum = std::uint32_t{a} + b;
  return static_cast<std::uint16_t>(sum + (sum >> 16));
}

std::uint16_t inverted(std::uint16_t word) {
  return static_cast<std::uint16_t>(~word);
}

IpPrefix extended(const IpPrefix& prefix, unsigned length) {
  return {prefix.address(), std::max(prefix.length(), length)};
}

/// Overwrites the bits of the prefix.
void put_prefix(Words& bytes, const IpPrefix& prefix) {
  const auto& from = prefix.address().v6_bytes();
  const unsigned whole = prefix.length() / 8;
  std::copy_n(from.begin(), whole, bytes.begin());
  const unsigned rest = prefix.length() % 8;
  if (rest == 0) return;
  const auto mask = static_cast<std::uint8_t>(0xff00 >> rest);
  bytes[whole] = static_cast<std::uint8_t>((from[whole] & mask) | (bytes[whole] & ~mask));
}

bool has_interface(const Words& bytes) {
  const auto identifier = std::span(bytes).subspan(8);
  const auto all = [&](std::uint8_t value) {
    return std::ranges::all_of(identifier, [value](std::uint8_t byte) { return byte == value; });
  };
  return !all(0) && !all(0xff);
}

/// RFC 6296 §3.5: the first word of the interface identifier that is not 0xFFFF.
std::size_t interface_word(const Words& bytes) {
  std::size_t at = 8;
  while (at < 14 && load_u16(bytes.data() + at) == 0xffff) at += 2;
  return at;
}

}  // namespace

PrefixMapping::PrefixMapping(const IpPrefix& internal, const IpPrefix& external)
    : internal_(extended(internal, external.length())),
      external_(extended(external, internal.length())),
      adjustment_(ones_add(ones_sum(internal_.address().v6_bytes()),
                           inverted(ones_sum(external_.address().v6_bytes())))) {}

std::expected<IpAddress, Unmapped> PrefixMapping::to_external(const IpAddress& address) const {
  return map(address, internal_, external_, adjustment_);
}

std::expected<IpAddress, Unmapped> PrefixMapping::to_internal(const IpAddress& address) const {
  return map(address, external_, internal_, inverted(adjustment_));
}

std::expected<IpAddress, Unmapped> PrefixMapping::map(const IpAddress& address,
                                                      const IpPrefix& from, const IpPrefix& to,
                                                      std::uint16_t adjustment) const {
  if (!from.contains(address)) return std::unexpected(Unmapped::prefix);
  Words bytes = address.v6_bytes();
  const bool by_subnet = from.length() <= longest_with_subnet;
  if (by_subnet && load_u16(bytes.data() + subnet_word) == 0xffff)
    return std::unexpected(Unmapped::subnet);
  if (!by_subnet && !has_interface(bytes)) return std::unexpected(Unmapped::interface);
  const std::size_t at = by_subnet ? subnet_word : interface_word(bytes);
  put_prefix(bytes, to);
  const std::uint16_t word = ones_add(load_u16(bytes.data() + at), adjustment);
  store_u16(bytes.data() + at, word == 0xffff ? std::uint16_t{0} : word);
  return IpAddress::v6(bytes);
}

std::optional<std::string> problem_with_prefixes(const IpPrefix& internal,
                                                 const IpPrefix& external) {
  for (const IpPrefix& prefix : {internal, external}) {
    if (!prefix.address().is_v6() || prefix.address().is_multicast() ||
        prefix.address().is_link_local() || prefix.address().is_unspecified())
      return prefix.to_string() + " is not an IPv6 unicast prefix";
    if (prefix.length() > 64) return prefix.to_string() + " is longer than 64 bits";
  }
  const PrefixMapping mapping(internal, external);
  if (mapping.internal().contains(mapping.external().address()) ||
      mapping.external().contains(mapping.internal().address()))
    return internal.to_string() + " and " + external.to_string() + " overlap";
  return std::nullopt;
}

}  // namespace stile::nat
