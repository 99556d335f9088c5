#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat {

/// Who is asked for in an Ethernet frame that is a right neighbour solicitation (RFC 4861 §7.1.1),
/// and that is to be answered.
std::optional<IpAddress> solicited_target(Bytes frame);
/// The frame that answers it, as a proxy does (RFC 4861 §7.2.8): without Override.
ByteVector neighbour_advertisement(Bytes solicitation, const std::array<std::uint8_t, 6>& own_mac);

namespace neighbour_discovery {
inline constexpr std::uint8_t solicitation = 135;
inline constexpr std::uint8_t advertisement = 136;
}  // namespace neighbour_discovery

}  // namespace stile::nat
