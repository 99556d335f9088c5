#pragma once

#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat::shell {

// The ends and the payload of the packets that the tests of bundles are made of.

inline const TransportAddress source{IpAddress::v4(10, 0, 0, 2), 4000};
inline const TransportAddress destination{IpAddress::v4(192, 0, 2, 1), 80};

inline ByteVector pattern(std::size_t size) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return bytes;
}

}  // namespace stile::nat::shell
