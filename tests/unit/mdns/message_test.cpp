#include "stile/mdns/message.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::mdns;

namespace {

constexpr std::string_view name = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";

void append(ByteVector& bytes, std::initializer_list<int> more) {
  for (const int each : more) bytes.push_back(static_cast<std::uint8_t>(each));
}

/// An answer with the question, a TXT record, and an A and an AAAA record, whose names point to the
/// question's.
ByteVector response() {
  ByteVector bytes = address_query(7, name);
  bytes[2] = 0x84;  // a response, authoritative
  bytes[7] = 3;     // answers
  append(bytes, {0xc0, 12, 0, 16, 0x80, 1, 0, 0, 0, 120, 0, 2, 1, 'x'});
  append(bytes, {0xc0, 12, 0, 1, 0x80, 1, 0, 0, 0, 120, 0, 4, 192, 0, 2, 7});
  append(bytes, {0xc0, 12,   0, 28, 0x80, 1, 0, 0, 0, 120, 0, 16, 0x20, 1,
                 0x0d, 0xb8, 0, 0,  0,    0, 0, 0, 0, 0,   0, 0,  0,    9});
  return bytes;
}

}  // namespace

TEST_CASE("mdns: a query asks for both kinds of address, to be answered by unicast",
          "[mdns][rfc6762-5.4]") {
  const ByteVector query = address_query(0x1234, "a.local");
  const ByteVector wanted{0x12, 0x34, 0,   0,   0,   2,   0,   0, 0, 0,  0,    0, 1,
                          'a',  5,    'l', 'o', 'c', 'a', 'l', 0, 0, 1,  0x80, 1, 1,
                          'a',  5,    'l', 'o', 'c', 'a', 'l', 0, 0, 28, 0x80, 1};
  CHECK(query == wanted);
}

TEST_CASE("mdns: the addresses of the name are taken, whatever its case",
          "[mdns][rfc6762-6][rfc6762-16]") {
  const std::vector<IpAddress> wanted{*IpAddress::parse("192.0.2.7"),
                                      *IpAddress::parse("2001:db8::9")};
  CHECK(addresses_in(response(), name) == wanted);
  CHECK(addresses_in(response(), "1F4712DB-ea17-4bcf-a596-105139dfd8bf.LOCAL") == wanted);
  CHECK(addresses_in(response(), "other.local").empty());
}

TEST_CASE("mdns: what is no response has no addresses", "[mdns][rfc6762-18]") {
  ByteVector query = response();
  query[2] = 0;
  CHECK(addresses_in(query, name).empty());
  ByteVector error = response();
  error[3] = 3;
  CHECK(addresses_in(error, name).empty());
}

TEST_CASE("mdns: cut at every length, and with each byte another, it is read or refused",
          "[mdns]") {
  const ByteVector whole = response();
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(addresses_in(Bytes(whole).first(size), name).empty());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0, 1, 0x3f, 0x40, 0xc0, 0xff}) {
      ByteVector bent = whole;
      bent[at] = static_cast<std::uint8_t>(value);
      CHECK(addresses_in(bent, name).size() <= 2);
    }
  }
}

TEST_CASE("mdns: a name that points to itself comes to an end", "[mdns][rfc1035-4.1.4]") {
  ByteVector bytes{0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0};
  append(bytes, {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4});
  CHECK(addresses_in(bytes, name).empty());
}

TEST_CASE("mdns: only names of one label under .local are asked for", "[mdns]") {
  CHECK(is_name(name));
  CHECK(is_name("host.LOCAL"));
  CHECK_FALSE(is_name(".local"));
  CHECK_FALSE(is_name("local"));
  CHECK_FALSE(is_name("a.b.local"));
  CHECK_FALSE(is_name("example.org"));
  CHECK_FALSE(is_name(std::string(64, 'a') + ".local"));
}
