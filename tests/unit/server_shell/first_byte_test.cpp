#include <catch2/catch.hpp>

#include "server/shell/first_byte.hpp"

using namespace stile::server;

TEST_CASE("server: the first byte tells STUN, ChannelData, TLS and DTLS apart",
          "[server][rfc7983-7]") {
  for (const int first : {0, 1, 3, 64, 79, 127}) {
    CHECK(begins_message(static_cast<std::uint8_t>(first)));
  }
  for (const int first : {4, 16, 19, 20, 22, 63, 128, 255}) {
    CHECK_FALSE(begins_message(static_cast<std::uint8_t>(first)));
  }
  CHECK(begins_dtls(20));
  CHECK(begins_dtls(63));
  CHECK_FALSE(begins_dtls(19));
  CHECK_FALSE(begins_dtls(64));
  CHECK(begins_tls(22));
  CHECK_FALSE(begins_tls(23));
}

TEST_CASE("server: no first byte means two things", "[server][rfc7983-7]") {
  for (int first = 0; first < 256; ++first) {
    const auto byte = static_cast<std::uint8_t>(first);
    CHECK_FALSE((begins_message(byte) && begins_dtls(byte)));
  }
}
