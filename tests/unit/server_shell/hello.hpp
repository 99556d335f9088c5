#pragma once

#include <string_view>

#include "stile/base/bytes.hpp"

namespace stile::server::test {

/// A DTLS ClientHello of our making.
struct Hello {
  std::uint64_t record_sequence = 0;
  std::uint16_t message_sequence = 0;
  std::uint8_t random = 0x11;
  std::string_view session_id;
  ByteVector cookie;
  std::size_t rest = 60;                   ///< bytes behind the cookie
  std::size_t fragment = ~std::size_t{0};  ///< bytes of the body in the first fragment

  ByteVector datagram() const;
};

}  // namespace stile::server::test
