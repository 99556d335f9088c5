#include <catch2/catch.hpp>

#include "asio/proxy_tunnel.hpp"

using namespace stile;
using Status = ProxyTunnel::Status;

namespace {

const TransportAddress target = *TransportAddress::parse("203.0.113.10:3478");
const TransportAddress target_v6 = *TransportAddress::parse("[2001:db8::10]:443");

Proxy proxy_of(Proxy::Kind kind, std::string user = "", std::string password = "") {
  return {kind, *TransportAddress::parse("192.0.2.1:8080"), std::move(user), std::move(password)};
}
ByteVector bytes(std::initializer_list<int> values) {
  ByteVector all;
  for (const int value : values) all.push_back(static_cast<std::uint8_t>(value));
  return all;
}

}  // namespace

TEST_CASE("proxy: HTTP is asked by CONNECT, and any 2xx opens", "[asio][rfc9110-9.3.6]") {
  ProxyTunnel tunnel(proxy_of(Proxy::Kind::http), target);
  CHECK(as_text(tunnel.begin()) ==
        "CONNECT 203.0.113.10:3478 HTTP/1.1\r\nHost: 203.0.113.10:3478\r\n\r\n");
  ByteVector answer;
  const std::string reply = "HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n";
  for (std::size_t i = 0; i + 1 < reply.size(); ++i)
    CHECK(tunnel.take(as_bytes(reply.substr(i, 1)), answer) == Status::goes_on);
  CHECK(tunnel.take(as_bytes("\n"), answer) == Status::open);
  CHECK(answer.empty());
}

TEST_CASE("proxy: HTTP with a user, over IPv6", "[asio][rfc7617-2]") {
  ProxyTunnel tunnel(proxy_of(Proxy::Kind::http, "Aladdin", "open sesame"), target_v6);
  CHECK(as_text(tunnel.begin()) ==
        "CONNECT [2001:db8::10]:443 HTTP/1.1\r\nHost: [2001:db8::10]:443\r\n"
        "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
}

TEST_CASE("proxy: HTTP refuses in words", "[asio][rfc9110-9.3.6]") {
  const auto [reply, reason] = GENERATE(table<std::string, std::string>(
      {{"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
        "it wants another user or password (407)"},
       {"HTTP/1.0 403 Forbidden\r\nA: b\r\n\r\n", "it answers 403 Forbidden"},
       {"SSH-2.0-OpenSSH\r\n\r\n", "it does not speak HTTP"},
       {"HTTP/1.1\r\n\r\n", "it does not speak HTTP"},
       {"HTTP/1.1 200 OK\r\n\r\nhello", "it says more than was asked"},
       {std::string(9000, 'x'), "its answer has no end"}}));
  ProxyTunnel tunnel(proxy_of(Proxy::Kind::http), target);
  ByteVector answer;
  CHECK(tunnel.take(as_bytes(reply), answer) == Status::refused);
  CHECK(tunnel.reason() == "the proxy 192.0.2.1:8080: " + reason);
}

TEST_CASE("proxy: SOCKS 5 without authentication", "[asio][rfc1928-3][rfc1928-4]") {
  ProxyTunnel tunnel(proxy_of(Proxy::Kind::socks5), target);
  CHECK(tunnel.begin() == bytes({5, 1, 0}));
  ByteVector answer;
  CHECK(tunnel.take(bytes({5}), answer) == Status::goes_on);
  CHECK(answer.empty());
  CHECK(tunnel.take(bytes({0}), answer) == Status::goes_on);
  CHECK(answer == bytes({5, 1, 0, 1, 203, 0, 113, 10, 3478 >> 8, 3478 & 255}));
  CHECK(tunnel.take(bytes({5, 0, 0, 1, 0, 0, 0, 0, 0}), answer) == Status::goes_on);
  CHECK(tunnel.take(bytes({0}), answer) == Status::open);
}

TEST_CASE("proxy: SOCKS 5 with a user, to IPv6", "[asio][rfc1929-2]") {
  ProxyTunnel tunnel(proxy_of(Proxy::Kind::socks5, "me", "pw"), target_v6);
  CHECK(tunnel.begin() == bytes({5, 2, 0, 2}));
  ByteVector answer;
  CHECK(tunnel.take(bytes({5, 2}), answer) == Status::goes_on);
  CHECK(answer == bytes({1, 2, 'm', 'e', 2, 'p', 'w'}));
  CHECK(tunnel.take(bytes({1, 0}), answer) == Status::goes_on);
  REQUIRE(answer.size() == 22);
  CHECK(answer[3] == 4);
  CHECK(tunnel.take(bytes({5, 0, 0, 3, 2, 'a', 'b', 1, 2}), answer) == Status::open);
}

TEST_CASE("proxy: SOCKS 5 refuses in words", "[asio][rfc1928-6]") {
  ByteVector answer;
  ProxyTunnel tunnel(proxy_of(Proxy::Kind::socks5), target);
  SECTION("no method that we have") {
    CHECK(tunnel.take(bytes({5, 255}), answer) == Status::refused);
    CHECK(tunnel.reason().ends_with("it wants another way of authentication"));
  }
  SECTION("another protocol") {
    CHECK(tunnel.take(as_bytes("HTTP"), answer) == Status::refused);
    CHECK(tunnel.reason().ends_with("it does not speak SOCKS 5"));
  }
  SECTION("its rules") {
    tunnel.take(bytes({5, 0}), answer);
    CHECK(tunnel.take(bytes({5, 2, 0, 1, 0, 0, 0, 0, 0, 0}), answer) == Status::refused);
    CHECK(tunnel.reason().ends_with("its rules do not allow it"));
  }
  SECTION("a kind of address that there is not") {
    tunnel.take(bytes({5, 0}), answer);
    CHECK(tunnel.take(bytes({5, 0, 0, 9, 0, 0}), answer) == Status::refused);
  }
}

TEST_CASE("proxy: its URI", "[asio][rfc3986-3.2]") {
  const auto http = ProxyUri::parse("http://proxy.example");
  REQUIRE(http);
  CHECK(http->kind == Proxy::Kind::http);
  CHECK(http->host == "proxy.example");
  CHECK(http->port == 3128);
  const auto socks = ProxyUri::parse("socks5://a%40b:p:%2F@[2001:db8::1]:99/");
  REQUIRE(socks);
  CHECK(socks->kind == Proxy::Kind::socks5);
  CHECK(socks->username == "a@b");
  CHECK(socks->password == "p:/");
  CHECK(socks->host == "2001:db8::1");
  CHECK(socks->port == 99);
  for (const char* text : {"", "proxy", "https://proxy", "http://", "http://:80", "http://a:0",
                           "http://a:99999", "http://@a", "http://a%4:b@c", "http://[::1"}) {
    const auto parsed = ProxyUri::parse(text);
    CAPTURE(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().find('\n') == std::string::npos);
  }
}
