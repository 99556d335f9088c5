#pragma once

#include <array>
#include <optional>

#include "stile/base/bytes.hpp"

namespace stile::server {

/// A DTLS ClientHello, or its first fragment, as far as its cookie: all that a server may look at
/// before it knows that the client is where it says (RFC 6347 §4.2.1). A large ClientHello comes in
/// several datagrams; the cookie lies in the first, so that no state is needed to answer.
struct ClientHello {
  std::uint64_t record_sequence = 0;  ///< 48 bits; the epoch is 0
  std::uint16_t message_sequence = 0;
  std::size_t record_size = 0;  ///< header included; other records may follow in the datagram
  Bytes random;                 ///< 32 bytes, the client's name for this handshake
  Bytes parameters;             ///< version, random, session id: they are the same in both hellos
  Bytes cookie;                 ///< empty in the first hello
};

/// Nothing if the datagram begins with anything else.
std::optional<ClientHello> parse_client_hello(Bytes datagram);

/// The HelloVerifyRequest in a record of its own, written into `out`. With a cookie of up to 16
/// bytes it is shorter than any ClientHello.
inline constexpr std::size_t longest_hello_verify_request = 13 + 12 + 3 + 16;
Bytes write_hello_verify_request(const ClientHello& hello, Bytes cookie,
                                 std::array<std::uint8_t, longest_hello_verify_request>& out);

}  // namespace stile::server
