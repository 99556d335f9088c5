#include "server/shell/client_hello.hpp"

#include <algorithm>

namespace stile::server {

namespace {

// RFC 6347 §4.1, the record, and §4.2.2, the handshake message in it:
//
//     type (1) | version (2) | epoch (2) | sequence number (6) | length (2)
//     type (1) | length (3) | message sequence (2) | fragment offset (3) | fragment length (3)
//
// §4.2.1, the ClientHello:
//
//     version (2) | random (32) | session id (1 + n) | cookie (1 + n) | cipher suites ...
constexpr std::size_t record_header_size = 13;
constexpr std::size_t handshake_header_size = 12;
constexpr std::size_t random_size = 32;
constexpr std::size_t longest_session_id = 32;
constexpr std::size_t longest_message = 16'384;  // Limit: no ClientHello comes near it
constexpr std::size_t longest_first_sequence = 2;

constexpr std::uint8_t handshake_record = 22;
constexpr std::uint8_t client_hello_message = 1;
constexpr std::uint8_t hello_verify_request_message = 3;
constexpr std::uint16_t dtls_1_0 = 0xfeff;

std::uint32_t load_u24(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 16 | load_u16(at + 1);
}
void store_u24(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 16);
  store_u16(at + 1, static_cast<std::uint16_t>(value));
}

/// A vector of up to 255 bytes off the front of `rest`.
std::optional<Bytes> take_vector(Bytes& rest) {
  if (rest.empty() || rest.size() < 1u + rest[0]) return std::nullopt;
  const Bytes vector = rest.subspan(1, rest[0]);
  rest = rest.subspan(1 + vector.size());
  return vector;
}

}  // namespace

std::optional<ClientHello> parse_client_hello(Bytes datagram) {
  if (datagram.size() < record_header_size + handshake_header_size) return std::nullopt;
  const std::uint8_t* const record = datagram.data();
  const std::size_t record_length = load_u16(record + 11);
  const bool plain_handshake =
      record[0] == handshake_record && record[1] == 0xfe && load_u16(record + 3) == 0;
  if (!plain_handshake || record_header_size + record_length > datagram.size()) return std::nullopt;

  const std::uint8_t* const message = record + record_header_size;
  const std::size_t fragment_length = load_u24(message + 9);
  const bool first_fragment = message[0] == client_hello_message && load_u24(message + 6) == 0;
  if (!first_fragment || fragment_length + handshake_header_size != record_length)
    return std::nullopt;
  const std::size_t message_length = load_u24(message + 1);
  if (fragment_length > message_length || message_length > longest_message) return std::nullopt;
  ClientHello hello;
  hello.record_sequence = load_u64(record + 3) & 0xffffffffffff;
  hello.message_sequence = load_u16(message + 4);
  hello.record_size = record_header_size + record_length;
  if (hello.message_sequence >= longest_first_sequence) return std::nullopt;

  const Bytes body(message + handshake_header_size, fragment_length);
  if (body.size() < 2 + random_size || body[0] != 0xfe) return std::nullopt;
  Bytes rest = body.subspan(2 + random_size);
  const auto session_id = take_vector(rest);
  const auto cookie = session_id ? take_vector(rest) : std::nullopt;
  if (!cookie || session_id->size() > longest_session_id) return std::nullopt;
  hello.random = body.subspan(2, random_size);
  hello.parameters = body.first(2 + random_size + 1 + session_id->size());
  hello.cookie = *cookie;
  return hello;
}

// RFC 6347 §4.2.1: the version is DTLS 1.0 whatever will be agreed on, and the record has the
// ClientHello's sequence number, so that none is used twice.
Bytes write_hello_verify_request(const ClientHello& hello, Bytes cookie,
                                 std::array<std::uint8_t, longest_hello_verify_request>& out) {
  const std::size_t body_size = 3 + cookie.size();
  std::uint8_t* const record = out.data();
  store_u64(record + 3, hello.record_sequence);
  record[0] = handshake_record;
  store_u16(record + 1, dtls_1_0);
  store_u16(record + 11, static_cast<std::uint16_t>(handshake_header_size + body_size));

  std::uint8_t* const message = record + record_header_size;
  message[0] = hello_verify_request_message;
  store_u24(message + 1, static_cast<std::uint32_t>(body_size));
  store_u16(message + 4, 0);
  store_u24(message + 6, 0);
  store_u24(message + 9, static_cast<std::uint32_t>(body_size));

  std::uint8_t* const body = message + handshake_header_size;
  store_u16(body, dtls_1_0);
  body[2] = static_cast<std::uint8_t>(cookie.size());
  std::ranges::copy(cookie, body + 3);
  return Bytes(out).first(record_header_size + handshake_header_size + body_size);
}

}  // namespace stile::server
