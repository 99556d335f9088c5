#include <catch2/catch.hpp>

#include "server/shell/proxy_header.hpp"

using namespace stile;
using namespace stile::server;
using Status = ProxyHeader::Status;
using namespace std::literals;

namespace {

const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);

ProxyHeader parse(std::string_view text) {
  return parse_proxy_header(as_bytes(text));
}

std::string version_2(char command, char family, std::string_view rest) {
  std::string header = signature + command + family;
  header += static_cast<char>(rest.size() >> 8);
  header += static_cast<char>(rest.size());
  return header.append(rest);
}

constexpr auto addresses_v4 = "\xc0\x00\x02\x07\xc6\x33\x64\x01\x9c\x40\x01\xbb"sv;
const std::string over_v4 = version_2('\x21', '\x11', addresses_v4);
const std::string over_v6 = version_2(
    '\x21', '\x21',
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x9c\x40\x01\xbb"sv);

void check_source(const std::string& header, std::string_view source) {
  const ProxyHeader whole = parse(header + "\x00\x01 what follows"s);
  REQUIRE(whole.status == Status::complete);
  CHECK(whole.size == header.size());
  CHECK(whole.source == TransportAddress::parse(source));
  for (std::size_t size = 0; size < header.size(); ++size)
    CHECK(parse(header.substr(0, size)).status == Status::incomplete);
}

void check_malformed(const std::string& header) {
  INFO(header);
  CHECK(parse(header).status == Status::malformed);
}

}  // namespace

TEST_CASE("server: a PROXY header of version 2 names the client", "[server][proxy]") {
  check_source(over_v4, "192.0.2.7:40000");
  check_source(over_v6, "[2001:db8::7]:40000");
  check_source(version_2('\x21', '\x11',
                         std::string(addresses_v4) + "\x03\x00\x04"
                                                     "abcd"s),
               "192.0.2.7:40000");
}

TEST_CASE("server: a PROXY header of version 1 names the client", "[server][proxy]") {
  check_source("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n", "192.0.2.7:40000");
  check_source("PROXY TCP6 2001:db8::7 2001:db8::1 40000 443\r\n", "[2001:db8::7]:40000");
}

TEST_CASE("server: a balancer may speak for itself", "[server][proxy]") {
  for (const std::string& header :
       {version_2('\x20', '\x11', addresses_v4), version_2('\x20', '\0', {}),
        version_2('\x21', '\0', "tlv"), "PROXY UNKNOWN\r\n"s,
        "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"s}) {
    CHECK(parse(header).status == Status::complete);
    CHECK(parse(header).size == header.size());
    CHECK_FALSE(parse(header).source);
  }
}

TEST_CASE("server: a PROXY header that is not right is malformed", "[server][proxy]") {
  check_malformed("\x00\x01\x00\x00\x21\x12\xa4\x42"s);
  check_malformed("GET / HTTP/1.1\r\n");
  check_malformed(version_2('\x11', '\x11', addresses_v4));
  check_malformed(version_2('\x22', '\x11', addresses_v4));
  check_malformed(version_2('\x21', '\x12', addresses_v4));
  check_malformed(version_2('\x21', '\x31', std::string(216, 'x')));
  check_malformed(version_2('\x21', '\x11', addresses_v4.substr(0, 11)));
  check_malformed(version_2('\x21', '\x21', addresses_v4));
  check_malformed(version_2('\x21', '\x11', "\xc0\x00\x02\x07\xc6\x33\x64\x01\x00\x00\x01\xbb"sv));
  check_malformed(version_2('\x21', '\x11', "\x00\x00\x00\x00\xc6\x33\x64\x01\x9c\x40\x01\xbb"sv));
  check_malformed(signature + "\x21\x11\xff\xff");
  check_malformed("PROXY TCP4 2001:db8::7 2001:db8::1 40000 443\r\n");
  check_malformed("PROXY TCP4 192.0.2.7 198.51.100.1 70000 443\r\n");
  check_malformed("PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n");
  check_malformed("PROXY TCP4 192.0.2.7 198.51.100.1 4000x 443\r\n");
  check_malformed("PROXY TCP4\r\n");
  check_malformed("PROXY \r\n");
  check_malformed("PROXY TCP4 " + std::string(107, '1'));
}
