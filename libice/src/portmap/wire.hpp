#pragma once

#include <cstdint>

namespace stile::portmap {

inline constexpr std::uint8_t response_bit = 0x80;

inline constexpr std::uint8_t pcp_version = 2;
inline constexpr std::uint8_t map_opcode = 1;
inline constexpr std::size_t pcp_header_size = 24;
inline constexpr std::size_t pcp_map_size = pcp_header_size + 36;

inline constexpr std::uint8_t nat_pmp_version = 0;
inline constexpr std::uint8_t external_address_opcode = 0;
inline constexpr std::uint8_t nat_pmp_map_udp = 1;
inline constexpr std::uint8_t nat_pmp_map_tcp = 2;
inline constexpr std::size_t nat_pmp_map_request_size = 12;
inline constexpr std::size_t nat_pmp_map_response_size = 16;
inline constexpr std::size_t nat_pmp_external_response_size = 12;

}  // namespace stile::portmap
