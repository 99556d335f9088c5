#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace stile {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;
using ByteVector = std::vector<std::uint8_t>;

/// Free bytes that a shell keeps before each received datagram, so that a core can put a header in
/// front in place.
inline constexpr std::size_t datagram_headroom = 48;
/// Free bytes behind it, for padding to a multiple of four.
inline constexpr std::size_t datagram_tailroom = 4;

/// Network byte order. The caller has checked that the bytes are there.
constexpr std::uint16_t load_u16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
constexpr std::uint32_t load_u32(const std::uint8_t* at) {
  return std::uint32_t{load_u16(at)} << 16 | load_u16(at + 2);
}
constexpr std::uint64_t load_u64(const std::uint8_t* at) {
  return std::uint64_t{load_u32(at)} << 32 | load_u32(at + 4);
}
constexpr void store_u16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
constexpr void store_u32(std::uint8_t* at, std::uint32_t value) {
  store_u16(at, static_cast<std::uint16_t>(value >> 16));
  store_u16(at + 2, static_cast<std::uint16_t>(value));
}
constexpr void store_u64(std::uint8_t* at, std::uint64_t value) {
  store_u32(at, static_cast<std::uint32_t>(value >> 32));
  store_u32(at + 4, static_cast<std::uint32_t>(value));
}

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline ByteVector copy_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace stile
