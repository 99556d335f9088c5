#include <catch2/catch.hpp>

#include "server/shell/dtls_cookies.hpp"
#include "tests/unit/server_shell/hello.hpp"

using namespace stile;
using namespace stile::server;
using namespace std::literals;
using test::Hello;

namespace {

const FiveTuple alice{TransportAddress::parse("192.0.2.7:40000").value(),
                      TransportAddress::parse("198.51.100.1:5349").value(), Transport::dtls};

struct Jar {
  ByteVector bake(const FiveTuple& five_tuple = alice, const Hello& hello = {}) const {
    const ByteVector datagram = hello.datagram();
    return copy_of(cookies.make(now, five_tuple, *parse_client_hello(datagram)));
  }
  bool accepts(Hello hello, const ByteVector& cookie, const FiveTuple& five_tuple = alice) const {
    hello.cookie = cookie;
    const ByteVector datagram = hello.datagram();
    return cookies.valid(now, five_tuple, *parse_client_hello(datagram));
  }
  SeededRandom random{1};
  DtlsCookies cookies{random};
  Instant now{1'000'000s};
};

}  // namespace

TEST_CASE_METHOD(Jar, "server: a cookie is good for the client that it was made for",
                 "[server][rfc6347-4.2.1]") {
  const ByteVector cookie = bake();
  CHECK(accepts({}, cookie));
  CHECK(accepts({.record_sequence = 5, .message_sequence = 1, .rest = 2000, .fragment = 500},
                cookie));
  FiveTuple other = alice;
  ++other.client.port;
  CHECK_FALSE(accepts({}, cookie, other));
  other = alice;
  other.server.ip = IpAddress::v4(198, 51, 100, 2);
  CHECK_FALSE(accepts({}, cookie, other));
}

TEST_CASE_METHOD(Jar, "server: a cookie is good for the same hello only",
                 "[server][rfc6347-4.2.1]") {
  const ByteVector cookie = bake();
  CHECK_FALSE(accepts({.random = 0x12}, cookie));
  CHECK_FALSE(accepts({.session_id = "session"}, cookie));
}

TEST_CASE_METHOD(Jar, "server: a cookie holds for its period and the next",
                 "[server][rfc6347-4.2.1]") {
  const ByteVector cookie = bake();
  now += DtlsCookies::period;
  CHECK(accepts({}, cookie));
  now += DtlsCookies::period;
  CHECK_FALSE(accepts({}, cookie));
}

TEST_CASE_METHOD(Jar, "server: a cookie of another key, cut or changed is not good",
                 "[server][rfc6347-4.2.1]") {
  ByteVector cookie = bake();
  SeededRandom other_random(2);
  const ByteVector datagram = Hello{.cookie = cookie}.datagram();
  CHECK_FALSE(DtlsCookies(other_random).valid(now, alice, *parse_client_hello(datagram)));
  CHECK_FALSE(accepts({}, {}));
  CHECK_FALSE(accepts({}, ByteVector(cookie.begin(), cookie.end() - 1)));
  cookie.back() ^= 1;
  CHECK_FALSE(accepts({}, cookie));
}
