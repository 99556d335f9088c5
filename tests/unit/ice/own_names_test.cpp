#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

TEST_CASE("own names: host candidates tell a random name, and no address", "[ice]") {
  Wire wire({.role = Role::controlling, .tcp = true, .mdns_names = true});
  wire.gather(wire.a);
  REQUIRE(wire.a.candidates.size() == 4);
  for (const Candidate& candidate : wire.a.candidates) {
    CHECK(candidate.name.size() == 36 + 6);
    CHECK(candidate.name.ends_with(".local"));
    CHECK(candidate.name == wire.a.candidates.front().name);
    CHECK_THAT(candidate.to_string(), !Catch::Contains("192.0.2.1"));
    const auto parsed = Candidate::parse_named(candidate.to_string());
    REQUIRE(parsed);
    CHECK(parsed->name == candidate.name);
  }
}

TEST_CASE("own names: a reflexive candidate does not tell its base", "[ice]") {
  const auto server = *TransportAddress::parse("198.51.100.1:3478");
  Wire wire({.role = Role::controlling, .stun_servers = {server}, .mdns_names = true});
  wire.elsewhere = [](const Datagram& datagram) -> std::optional<ByteVector> {
    const auto id = stun::MessageView::parse(datagram.bytes)->transaction_id();
    ByteVector response(64);
    stun::MessageBuilder builder(response, stun::Class::success_response, stun::Method::binding,
                                 id);
    builder.add(stun::XorMappedAddress{*TransportAddress::parse("203.0.113.1:4000")});
    return copy_of(builder.finish());
  };
  wire.gather(wire.a);
  wire.run_for(seconds(1));
  REQUIRE(wire.a.candidates.size() == 2);
  CHECK_THAT(wire.a.candidates.back().to_string(),
             Catch::Contains("203.0.113.1 4000 typ srflx raddr 0.0.0.0 rport 0"));
}
