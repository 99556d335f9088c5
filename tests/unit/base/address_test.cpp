#include "stile/base/address.hpp"

#include <catch2/catch.hpp>

using namespace stile;

namespace {

const auto v6 = *IpAddress::parse("2001:db8::1");

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

}  // namespace

TEST_CASE("address: texts are read and written in their canonical form", "[base][rfc5952-4]") {
  const auto [text, canonical] = GENERATE(table<std::string, std::string>({
      {"192.0.2.1", "192.0.2.1"},
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:db8::1", "2001:db8::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
      {"64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::ffff:c000:201", "192.0.2.1"},
  }));
  const auto address = IpAddress::parse(text);
  REQUIRE(address);
  CHECK(address->to_string() == canonical);
  CHECK(IpAddress::parse(canonical) == address);
}

TEST_CASE("address: what is none is refused", "[base]") {
  const std::string text = GENERATE(
      "", " ", "192.0.2", "192.0.2.256", "192.0.2.1.1", "192.0.2.1 ", " 192.0.2.1", "192.0.2.01",
      "192.0.2.-1", "0x7f.0.0.1", "2130706433", ":", ":::", "1::2::3", "2001:db8::g",
      "12345::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "[::1]", "fe80::1%eth0", "localhost",
      "::ffff:192.0.2.256", "2001:db8:0:0:0:0:0:1:2:3:4:5:6:7:8:9:10:11:12:13:14");
  CHECK_FALSE(IpAddress::parse(text));
}

TEST_CASE("address: a zero byte does not end a text", "[base]") {
  using namespace std::string_view_literals;
  CHECK_FALSE(IpAddress::parse("192.0.2.1\0.example"sv));
  CHECK_FALSE(IpAddress::parse("::1\0"sv));
  CHECK_FALSE(TransportAddress::parse("192.0.2.1\0:80"sv));
}

TEST_CASE("address: an IPv4-mapped address is the IPv4 address", "[base][rfc4291-2.5.5.2]") {
  const IpAddress plain = IpAddress::v4(192, 0, 2, 1);
  const IpAddress mapped = IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1});
  CHECK(plain == mapped);
  CHECK(plain == ip("::ffff:192.0.2.1"));
  CHECK(mapped.is_v4());
  CHECK(mapped.family() == Family::ipv4);
  CHECK(std::hash<IpAddress>{}(plain) == std::hash<IpAddress>{}(mapped));
}

TEST_CASE("address: the neighbours of the mapped block are IPv6", "[base][rfc4291-2.5.5.2]") {
  const std::string text =
      GENERATE("::192.0.2.1", "::fffe:192.0.2.1", "::1:ffff:192.0.2.1", "::ffff:0:192.0.2.1");
  CHECK(ip(text).is_v6());
  CHECK(ip(text) != IpAddress::v4(192, 0, 2, 1));
}

TEST_CASE("address: on the wire IPv4 has 4 bytes and IPv6 has 16", "[base][rfc8489-14.1]") {
  const IpAddress v4 = IpAddress::v4(192, 0, 2, 1);
  CHECK(copy_of(v4.wire_bytes()) == ByteVector{192, 0, 2, 1});
  CHECK(v4.v4_bits() == 0xc0000201);
  CHECK(v6.wire_bytes().size() == 16);
  CHECK(IpAddress::from_bytes(v4.wire_bytes()) == v4);
  CHECK(IpAddress::from_bytes(v6.wire_bytes()) == v6);
  CHECK(IpAddress::from_bytes(v4.v6_bytes()) == v4);
}

TEST_CASE("address: of no other size are bytes an address", "[base]") {
  const ByteVector bytes(20);
  for (std::size_t size = 0; size <= bytes.size(); ++size)
    CHECK(IpAddress::from_bytes(Bytes(bytes).first(size)).has_value() == (size == 4 || size == 16));
}

TEST_CASE("address: the unspecified, loopback, link-local and multicast blocks end where they end",
          "[base][rfc6890-2.2.2][rfc4291-2.4]") {
  const auto [text, unspecified, loopback, link_local, multicast] =
      GENERATE(table<std::string, bool, bool, bool, bool>({
          {"0.0.0.0", true, false, false, false},
          {"::", true, false, false, false},
          {"0.0.0.1", false, false, false, false},
          {"126.255.255.255", false, false, false, false},
          {"127.0.0.0", false, true, false, false},
          {"127.255.255.255", false, true, false, false},
          {"128.0.0.0", false, false, false, false},
          {"::1", false, true, false, false},
          {"::2", false, false, false, false},
          {"::7f00:1", false, false, false, false},
          {"169.253.255.255", false, false, false, false},
          {"169.254.0.0", false, false, true, false},
          {"169.254.255.255", false, false, true, false},
          {"169.255.0.0", false, false, false, false},
          {"fe7f::", false, false, false, false},
          {"fe80::", false, false, true, false},
          {"febf:ffff::", false, false, true, false},
          {"fec0::", false, false, false, false},
          {"223.255.255.255", false, false, false, false},
          {"224.0.0.0", false, false, false, true},
          {"239.255.255.255", false, false, false, true},
          {"240.0.0.0", false, false, false, false},
          {"feff::", false, false, false, false},
          {"ff02::1", false, false, false, true},
      }));
  INFO(text);
  CHECK(ip(text).is_unspecified() == unspecified);
  CHECK(ip(text).is_loopback() == loopback);
  CHECK(ip(text).is_link_local() == link_local);
  CHECK(ip(text).is_multicast() == multicast);
}

TEST_CASE("address: a transport address is read and written", "[base]") {
  const auto [text, canonical] = GENERATE(table<std::string, std::string>({
      {"192.0.2.1:3478", "192.0.2.1:3478"},
      {"192.0.2.1:0", "192.0.2.1:0"},
      {"192.0.2.1:65535", "192.0.2.1:65535"},
      {"[2001:db8::1]:3478", "[2001:db8::1]:3478"},
      {"[::]:80", "[::]:80"},
      {"[::ffff:192.0.2.1]:3478", "192.0.2.1:3478"},
  }));
  const auto address = TransportAddress::parse(text);
  REQUIRE(address);
  CHECK(address->to_string() == canonical);
  CHECK(TransportAddress::parse(canonical) == address);
}

TEST_CASE("address: what is no transport address is refused", "[base]") {
  const std::string text =
      GENERATE("", ":", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1",
               "192.0.2.1:+1", "192.0.2.1:80x", "192.0.2.1: 80", "[192.0.2.1]:80", "2001:db8::1:80",
               "[2001:db8::1]", "[2001:db8::1:80", "2001:db8::1]:80", "[]:80", "[:80", "]:80",
               "[[::1]]:80", "[::1]x:80", "host:80", ":80");
  CHECK_FALSE(TransportAddress::parse(text));
}

TEST_CASE("address: equal five-tuples have equal hashes, and each part counts", "[base]") {
  const FiveTuple tuple{{IpAddress::v4(192, 0, 2, 1), 1000}, {v6, 3478}, Transport::udp};
  const std::hash<FiveTuple> hash;
  CHECK(hash(tuple) == hash(FiveTuple(tuple)));
  FiveTuple other = tuple;
  SECTION("client") {
    other.client.port = 1001;
  }
  SECTION("server") {
    other.server.ip = IpAddress::v4(192, 0, 2, 1);
  }
  SECTION("transport") {
    other.transport = Transport::tcp;
  }
  SECTION("the ends changed about") {
    std::swap(other.client, other.server);
  }
  CHECK(other != tuple);
  CHECK(hash(other) != hash(tuple));
}

TEST_CASE("address: TCP and TLS are streams, and all but UDP prove the source", "[base]") {
  CHECK_FALSE(is_stream(Transport::udp));
  CHECK(is_stream(Transport::tcp));
  CHECK(is_stream(Transport::tls));
  CHECK_FALSE(is_stream(Transport::dtls));
  CHECK_FALSE(proves_source(Transport::udp));
  CHECK(proves_source(Transport::tcp));
  CHECK(proves_source(Transport::dtls));
}
