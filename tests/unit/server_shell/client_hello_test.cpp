#include <catch2/catch.hpp>

#include "server/shell/client_hello.hpp"
#include "tests/unit/server_shell/hello.hpp"

using namespace stile;
using namespace stile::server;
using test::Hello;

namespace {

/// One byte changed, and no hello any more.
void check_broken(std::size_t at, std::uint8_t value) {
  ByteVector datagram = Hello{}.datagram();
  datagram[at] = value;
  INFO("byte " << at);
  CHECK_FALSE(parse_client_hello(datagram));
}

}  // namespace

TEST_CASE("server: a ClientHello is read as far as its cookie", "[server][rfc6347-4.2.1]") {
  const ByteVector datagram =
      Hello{.record_sequence = 7, .message_sequence = 1, .session_id = "id", .cookie = {1, 2, 3}}
          .datagram();
  const auto hello = parse_client_hello(datagram);
  REQUIRE(hello);
  CHECK(hello->record_sequence == 7);
  CHECK(hello->message_sequence == 1);
  CHECK(hello->record_size == datagram.size());
  CHECK(copy_of(hello->random) == ByteVector(32, 0x11));
  CHECK(hello->parameters.size() == 2 + 32 + 1 + 2);
  CHECK(copy_of(hello->cookie) == ByteVector{1, 2, 3});
}

TEST_CASE("server: the first fragment of a ClientHello is enough", "[server][rfc6347-4.2.3]") {
  const ByteVector datagram = Hello{.rest = 1800, .fragment = 200}.datagram();
  const auto hello = parse_client_hello(datagram);
  REQUIRE(hello);
  CHECK(hello->cookie.empty());
  const ByteVector without_cookie =
      Hello{.cookie = ByteVector(16), .rest = 1800, .fragment = 40}.datagram();
  CHECK_FALSE(parse_client_hello(without_cookie));
}

TEST_CASE("server: other records may follow a ClientHello in its datagram",
          "[server][rfc6347-4.1.1]") {
  ByteVector datagram = Hello{}.datagram();
  const std::size_t size = datagram.size();
  datagram.insert(datagram.end(), 30, 0xff);
  CHECK(parse_client_hello(datagram)->record_size == size);
}

TEST_CASE("server: what is not the beginning of a ClientHello is not taken for one",
          "[server][rfc6347-4.2.2]") {
  check_broken(0, 23);   // application data
  check_broken(1, 3);    // TLS
  check_broken(4, 1);    // a later epoch
  check_broken(12, 1);   // the record ends before its fragment
  check_broken(13, 2);   // another handshake message
  check_broken(14, 1);   // far too long
  check_broken(18, 9);   // message sequence 9
  check_broken(21, 1);   // a later fragment
  check_broken(24, 1);   // the fragment is longer than the record
  check_broken(25, 3);   // a client of TLS
  check_broken(59, 33);  // no session id is so long
}

TEST_CASE("server: a ClientHello that is cut is none", "[server][rfc6347-4.2.2]") {
  const ByteVector datagram = Hello{.session_id = "session", .cookie = ByteVector(16)}.datagram();
  for (std::size_t size = 0; size < datagram.size(); ++size)
    CHECK_FALSE(parse_client_hello(
        copy_of(Bytes(datagram).first(size))));  // so that its end is the buffer's
}

TEST_CASE("server: a HelloVerifyRequest echoes the record sequence number",
          "[server][rfc6347-4.2.1]") {
  const ByteVector datagram = Hello{.record_sequence = 0x010203040506}.datagram();
  std::array<std::uint8_t, longest_hello_verify_request> buffer;
  const ByteVector cookie(16, 0xcc);
  const Bytes answer = write_hello_verify_request(*parse_client_hello(datagram), cookie, buffer);
  ByteVector expected{22,   0xfe, 0xff, 0,  0, 1, 2, 3, 4, 5, 6, 0,  31,  //
                      3,    0,    0,    19, 0, 0, 0, 0, 0, 0, 0, 19,      //
                      0xfe, 0xff, 16};
  expected.insert(expected.end(), cookie.begin(), cookie.end());
  CHECK(copy_of(answer) == expected);
}

TEST_CASE("server: a HelloVerifyRequest is shorter than the shortest hello",
          "[server][rfc6347-4.2.1]") {
  const ByteVector shortest = Hello{.rest = 0}.datagram();
  REQUIRE(parse_client_hello(shortest));
  CHECK(longest_hello_verify_request < shortest.size());
}
