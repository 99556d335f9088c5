#include <catch2/catch.hpp>

#include "stile/mdns/message.hpp"

using namespace stile;
using namespace stile::mdns;

namespace {
constexpr std::string_view name = "1f4712db-ea17-4bcf-a596-105139dfd8bf.local";
}

TEST_CASE("mdns: who asks for a name is understood", "[mdns][rfc6762-5]") {
  const Query query = query_in(address_query(0x1234, name));
  CHECK(query.id == 0x1234);
  CHECK(query.names == std::vector<std::string>{std::string(name)});
  CHECK(query.unicast);
  ByteVector by_multicast = address_query(0, name);
  by_multicast[by_multicast.size() - 2] = 0;
  CHECK_FALSE(query_in(by_multicast).unicast);
}

TEST_CASE("mdns: a response has the address that it is asked for", "[mdns][rfc6762-6]") {
  for (const char* text : {"192.0.2.7", "2001:db8::9"}) {
    const IpAddress address = *IpAddress::parse(text);
    CHECK(addresses_in(address_response(name, address), name) == std::vector{address});
    const ByteVector legacy = address_response(name, address, 0x1234);
    CHECK(addresses_in(legacy, name) == std::vector{address});
    CHECK(load_u16(legacy.data()) == 0x1234);  // RFC 6762 §6.7
  }
}

TEST_CASE("mdns: a response is no query, nor is one that is cut or bent", "[mdns][rfc6762-18]") {
  CHECK(query_in(address_response(name, IpAddress::v4(192, 0, 2, 7))).names.empty());
  const ByteVector whole = address_query(1, name);
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(query_in(Bytes(whole).first(size)).names.empty());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0, 1, 0x3f, 0x40, 0xc0, 0xff}) {
      ByteVector bent = whole;
      bent[at] = static_cast<std::uint8_t>(value);
      CHECK(query_in(bent).names.size() <= 2);
    }
  }
}
