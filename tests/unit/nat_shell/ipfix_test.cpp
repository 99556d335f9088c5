#include "nat/shell/ipfix.hpp"

#include <catch2/catch.hpp>
#include <map>

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::shell;

namespace {

constexpr std::uint64_t now = 1'700'000'000'123;

TransportAddress at(std::string_view text) {
  return *TransportAddress::parse(text);
}

/// What an independent reader finds in a message: its record, by information element.
struct Read {
  std::uint32_t sequence = 0;
  std::map<std::uint16_t, ByteVector> values;

  std::uint64_t number(std::uint16_t element) const {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : values.at(element)) value = value << 8 | byte;
    return value;
  }
};

Read read(Bytes message) {
  REQUIRE(message.size() >= 16);
  CHECK(load_u16(message.data()) == 10);
  CHECK(load_u16(message.data() + 2) == message.size());
  CHECK(load_u32(message.data() + 4) == now / 1000);
  Read result;
  result.sequence = load_u32(message.data() + 8);
  Bytes rest = message.subspan(16);
  REQUIRE(load_u16(rest.data()) == 2);
  const std::size_t template_length = load_u16(rest.data() + 2);
  const std::uint16_t id = load_u16(rest.data() + 4);
  CHECK(id >= 256);
  const std::size_t fields = load_u16(rest.data() + 6);
  REQUIRE(template_length == 8 + fields * 4);
  const Bytes data = rest.subspan(template_length);
  CHECK(load_u16(data.data()) == id);
  REQUIRE(load_u16(data.data() + 2) == data.size());
  std::size_t at = 4;
  for (std::size_t i = 0; i < fields; ++i) {
    const std::uint16_t element = load_u16(rest.data() + 8 + i * 4);
    const std::size_t length = load_u16(rest.data() + 10 + i * 4);
    REQUIRE(at + length <= data.size());
    result.values[element] = copy_of(data.subspan(at, length));
    at += length;
  }
  CHECK(at == data.size());
  return result;
}

Config config_with_limits() {
  Config config;
  config.external = {IpAddress::v4(203, 0, 113, 1)};
  config.max_sessions = 1000;
  config.max_mappings = 500;
  config.ports_per_host = 64;
  return config;
}

const MappingInfo mapping{Protocol::udp, at("10.0.0.2:4000"), at("203.0.113.1:4001"), std::nullopt};

}  // namespace

TEST_CASE("ipfix: a mapping is a BIB record with its template", "[nat][shell][rfc8158-4.6]") {
  IpfixEncoder encoder(config_with_limits());
  const Read created = read(*encoder.message_for(MappingCreated{mapping}, now));
  CHECK(created.number(323) == now);
  CHECK(created.number(230) == 8);
  CHECK(created.number(8) == 0x0a000002);
  CHECK(created.number(225) == 0xcb007101);
  CHECK(created.number(4) == 17);
  CHECK(created.number(7) == 4000);
  CHECK(created.number(227) == 4001);
  CHECK(created.values.count(12) == 0);  // RFC 6888 REQ-12
  CHECK(created.sequence == 0);
  const Read ended = read(*encoder.message_for(MappingEnded{mapping}, now));
  CHECK(ended.number(230) == 9);
  CHECK(ended.sequence == 1);
}

TEST_CASE("ipfix: NAT64 has events of its own, and IPv6 sources", "[nat][shell][rfc8158-4.3]") {
  IpfixEncoder encoder(config_with_limits());
  MappingInfo of_ipv6 = mapping;
  of_ipv6.inside = at("[2001:db8::1]:4000");
  const Read created = read(*encoder.message_for(MappingCreated{of_ipv6}, now));
  CHECK(created.number(230) == 10);
  CHECK(created.values.at(27) == copy_of(of_ipv6.inside.ip.v6_bytes()));
}

TEST_CASE("ipfix: sessions have destinations", "[nat][shell][rfc8158-4.6]") {
  IpfixEncoder encoder(config_with_limits());
  const SessionCreated session{Protocol::tcp, mapping.inside, mapping.external,
                               at("198.51.100.1:80")};
  const Read created = read(*encoder.message_for(session, now));
  CHECK(created.number(230) == 4);
  CHECK(created.number(12) == 0xc6336401);
  CHECK(created.number(11) == 80);
  CHECK(read(*encoder.message_for(SessionEnded{session}, now)).number(230) == 5);
}

TEST_CASE("ipfix: port blocks", "[nat][shell][rfc8158-4.6]") {
  IpfixEncoder encoder(config_with_limits());
  const PortBlock block{mapping.inside.ip, mapping.external.ip, 1024, 1535};
  const Read assigned = read(*encoder.message_for(PortBlockAssigned{block}, now));
  CHECK(assigned.number(230) == 16);
  CHECK(assigned.number(361) == 1024);
  CHECK(assigned.number(362) == 1535);
  CHECK(read(*encoder.message_for(PortBlockReleased{block}, now)).number(230) == 17);
}

TEST_CASE("ipfix: refusals are exhaustion or a quota", "[nat][shell][rfc8158-4.4]") {
  IpfixEncoder encoder(config_with_limits());
  const auto refused = [&](Refusal reason) {
    return read(*encoder.message_for(FlowRefused{reason, Protocol::udp, mapping.inside}, now));
  };
  CHECK(refused(Refusal::no_address).number(230) == 3);
  CHECK(refused(Refusal::no_port).number(230) == 12);
  CHECK(refused(Refusal::no_port).number(225) == 0xcb007101);
  CHECK(refused(Refusal::session_limit).number(466) == 1);
  CHECK(refused(Refusal::session_limit).number(471) == 1000);
  CHECK(refused(Refusal::mapping_limit).number(466) == 2);
  CHECK(refused(Refusal::mapping_limit).number(472) == 500);
  CHECK(refused(Refusal::host_limit).number(466) == 3);
  CHECK(refused(Refusal::host_limit).number(473) == 64);
  CHECK(refused(Refusal::host_limit).number(8) == 0x0a000002);
}

TEST_CASE("ipfix: events that RFC 8158 does not know have no record", "[nat][shell][rfc8158-4.3]") {
  IpfixEncoder encoder(config_with_limits());
  CHECK_FALSE(encoder.message_for(ExternalChanged{}, now));
  CHECK_FALSE(encoder.message_for(ServerChanged{}, now));
}
