#include "nat/ipv6/prefix64.hpp"

#include <algorithm>
#include <array>

namespace stile::nat {

namespace {

constexpr std::array<unsigned, 6> lengths{32, 40, 48, 56, 64, 96};
constexpr std::size_t reserved_byte = 8;  ///< "u", bits 64 to 71, zero

/// Where the four bytes of the IPv4 address are: behind the prefix, around the reserved byte.
std::array<std::size_t, 4> places(unsigned length) {
  std::array<std::size_t, 4> found{};
  std::size_t at = length / 8;
  for (std::size_t& place : found) {
    if (at == reserved_byte) ++at;
    place = at++;
  }
  return found;
}

struct Block {
  std::uint32_t first;
  unsigned length;
};
constexpr std::array<Block, 14> not_global{{{0x00000000, 8},
                                            {0x0a000000, 8},
                                            {0x64400000, 10},
                                            {0x7f000000, 8},
                                            {0xa9fe0000, 16},
                                            {0xac100000, 12},
                                            {0xc0000000, 24},
                                            {0xc0000200, 24},
                                            {0xc0a80000, 16},
                                            {0xc6120000, 15},
                                            {0xc6336400, 24},
                                            {0xcb007100, 24},
                                            {0xe0000000, 4},
                                            {0xf0000000, 4}}};

}  // namespace

Prefix64::Prefix64() : prefix_(*IpPrefix::parse("64:ff9b::/96")) {}

std::optional<Prefix64> Prefix64::make(const IpPrefix& prefix) {
  if (!prefix.address().is_v6()) return std::nullopt;
  if (std::ranges::find(lengths, prefix.length()) == lengths.end()) return std::nullopt;
  if (prefix.address().v6_bytes()[reserved_byte] != 0) return std::nullopt;
  return Prefix64(prefix);
}

std::optional<Prefix64> Prefix64::parse(std::string_view text) {
  const auto prefix = IpPrefix::parse(text);
  return prefix ? make(*prefix) : std::nullopt;
}

IpAddress Prefix64::embed(std::uint32_t ipv4) const {
  auto bytes = prefix_.address().v6_bytes();
  std::array<std::uint8_t, 4> embedded;
  store_u32(embedded.data(), ipv4);
  const auto where = places(prefix_.length());
  for (std::size_t i = 0; i < 4; ++i) bytes[where[i]] = embedded[i];
  return IpAddress::v6(bytes);
}

std::optional<std::uint32_t> Prefix64::extract(const IpAddress& address) const {
  if (!prefix_.contains(address)) return std::nullopt;
  const auto where = places(prefix_.length());
  std::array<std::uint8_t, 4> embedded;
  for (std::size_t i = 0; i < 4; ++i) embedded[i] = address.v6_bytes()[where[i]];
  return load_u32(embedded.data());
}

std::optional<IpPrefix> Prefix64::extract(const IpPrefix& block) const {
  const bool has_all = block.address().is_v6() && block.length() <= prefix_.length();
  if (has_all && block.contains(prefix_.address())) return IpPrefix(IpAddress::v4(0), 0);
  const auto address = extract(block.address());
  if (!address) return std::nullopt;
  unsigned bits = 0;
  for (const std::size_t place : places(prefix_.length())) {
    const unsigned begin = static_cast<unsigned>(place) * 8;
    bits += std::clamp(block.length(), begin, begin + 8) - begin;
  }
  return IpPrefix(IpAddress::v4(*address), bits);
}

bool Prefix64::is_well_known() const {
  return prefix_ == Prefix64().prefix_;
}

bool is_global(std::uint32_t ipv4) {
  return std::ranges::none_of(not_global, [ipv4](const Block& block) {
    return (ipv4 ^ block.first) >> (32 - block.length) == 0;
  });
}

}  // namespace stile::nat
