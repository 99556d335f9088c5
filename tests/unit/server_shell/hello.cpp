#include "tests/unit/server_shell/hello.hpp"

#include <algorithm>

namespace stile::server::test {

namespace {

void put(ByteVector& out, std::uint64_t value, unsigned bytes) {
  while (bytes-- > 0) out.push_back(static_cast<std::uint8_t>(value >> 8 * bytes));
}

void put_vector(ByteVector& out, Bytes vector) {
  put(out, vector.size(), 1);
  out.insert(out.end(), vector.begin(), vector.end());
}

}  // namespace

ByteVector Hello::datagram() const {
  ByteVector body;
  put(body, 0xfefd, 2);
  body.insert(body.end(), 32, random);
  put_vector(body, as_bytes(session_id));
  put_vector(body, cookie);
  body.insert(body.end(), rest, 0x5a);
  const std::size_t size = std::min(fragment, body.size());

  ByteVector out;
  put(out, 22, 1);
  put(out, 0xfeff, 2);
  put(out, record_sequence, 8);
  put(out, 12 + size, 2);
  put(out, 1, 1);
  put(out, body.size(), 3);
  put(out, message_sequence, 2);
  put(out, 0, 3);
  put(out, size, 3);
  out.insert(out.end(), body.begin(), body.begin() + static_cast<std::ptrdiff_t>(size));
  return out;
}

}  // namespace stile::server::test
