#include "nat/ipv6/nptv6.hpp"

#include "tests/unit/nat_ipv6/packets.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

IpPrefix prefix(std::string_view text) {
  return *IpPrefix::parse(text);
}

/// RFC 6296 §3.6
const PrefixMapping example(prefix("fd01:203:405::/48"), prefix("2001:db8:1::/48"));

Nptv6Config default_config() {
  return {prefix("fd01:203:405::/48"), prefix("2001:db8:1::/48"), ip("fd01:203:405::1"),
          ip("2001:db8:ffff::1")};
}

const TransportAddress host = at("[fd01:203:405:1::1234]:4000");
const TransportAddress host_outside = at("[2001:db8:1:d550::1234]:4000");
const TransportAddress other_host = at("[fd01:203:405:2::5]:5000");
const TransportAddress server = at("[2001:db8:9::1]:7000");

struct Outcome {
  Action action;
  ByteVector packet;
  std::vector<Command> commands;
};

Outcome handle(Nptv6& translator, Side from, ByteVector packet) {
  const Verdict verdict = translator.handle_packet(Instant(1h), from, packet);
  if (!verdict.packet.empty()) CHECK(is_right(verdict.packet));
  return {verdict.action, copy_of(verdict.packet), take_commands(translator)};
}

std::uint16_t sum_of(const IpAddress& address) {
  const std::uint16_t sum = ones_sum(address.v6_bytes());
  return sum == 0xffff ? std::uint16_t{0} : sum;
}

}  // namespace

TEST_CASE("nptv6: the example of the RFC", "[nat][rfc6296-3.6]") {
  CHECK(example.adjustment() == 0xd54f);
  CHECK(example.to_external(ip("fd01:203:405:1::1234")) == ip("2001:db8:1:d550::1234"));
  CHECK(example.to_internal(ip("2001:db8:1:d550::1234")) == ip("fd01:203:405:1::1234"));
}

TEST_CASE("nptv6: checksums stay the same, and the way back is exact",
          "[nat][rfc6296-3.2][rfc6296-3.3]") {
  SeededRandom random(1);
  const PrefixMapping mappings[] = {example,
                                    {prefix("fd00::/32"), prefix("2001:db8::/40")},
                                    {prefix("fd01:203:405::/48"), prefix("2001:db8:1:4200::/56")},
                                    {prefix("fd01:203:405:67::/64"), prefix("2001:db8:1:42::/64")}};
  for (const PrefixMapping& mapping : mappings) {
    for (int i = 0; i < 20000; ++i) {
      auto bytes = mapping.internal().address().v6_bytes();
      std::array<std::uint8_t, 16> noise;
      random.fill(noise);
      for (std::size_t byte = 0; byte < 16; ++byte) {
        const unsigned first = static_cast<unsigned>(byte) * 8;
        if (first + 8 <= mapping.internal().length()) continue;
        bytes[byte] = noise[byte];
      }
      const IpAddress address = IpAddress::v6(bytes);
      const auto external = mapping.to_external(address);
      if (!external) continue;
      REQUIRE(mapping.external().contains(*external));
      REQUIRE(sum_of(*external) == sum_of(address));
      REQUIRE(mapping.to_internal(*external) == address);
    }
  }
}

TEST_CASE("nptv6: up to /48 the subnet changes, and 0xFFFF is none", "[nat][rfc6296-3.4]") {
  const auto mapped = example.to_external(ip("fd01:203:405:abcd:1:2:3:4"));
  REQUIRE(mapped);
  CHECK(std::equal(mapped->v6_bytes().begin() + 8, mapped->v6_bytes().end(),
                   ip("::1:2:3:4").v6_bytes().begin() + 8));
  CHECK(example.to_external(ip("fd01:203:405:ffff::1")).error() == Unmapped::subnet);
  CHECK(example.to_external(ip("fd01:203:406::1")).error() == Unmapped::prefix);
  // 0x2ab0 + 0xd54f is 0xffff, which is written as zero.
  CHECK(example.to_external(ip("fd01:203:405:2ab0::1")) == ip("2001:db8:1::1"));
}

TEST_CASE("nptv6: beyond /48 the first word of the interface identifier that is not 0xFFFF changes",
          "[nat][rfc6296-3.5][rfc6296-3.7]") {
  const PrefixMapping mapping(prefix("fd01:203:405:6700::/56"), prefix("2001:db8:1:4200::/56"));
  const auto changed_word = [&](std::string_view text) {
    const IpAddress address = ip(text);
    const auto mapped = mapping.to_external(address);
    REQUIRE(mapped);
    CHECK(mapping.to_internal(*mapped) == address);
    for (std::size_t at = 8; at < 16; at += 2)
      if (load_u16(mapped->v6_bytes().data() + at) != load_u16(address.v6_bytes().data() + at))
        return at * 8;
    return std::size_t{0};
  };
  CHECK(changed_word("fd01:203:405:6701:1:2:3:4") == 64);
  CHECK(changed_word("fd01:203:405:6701:ffff:2:3:4") == 80);
  CHECK(changed_word("fd01:203:405:6701:ffff:ffff:3:4") == 96);
  CHECK(changed_word("fd01:203:405:6701:ffff:ffff:ffff:4") == 112);
  CHECK(mapping.to_external(ip("fd01:203:405:6701::")).error() == Unmapped::interface);
  CHECK(mapping.to_external(ip("fd01:203:405:6701:ffff:ffff:ffff:ffff")).error() ==
        Unmapped::interface);
}

TEST_CASE("nptv6: prefixes of unequal lengths", "[nat][rfc6296-3.1][rfc6296-3.7]") {
  const PrefixMapping mapping(prefix("fd01:203:405::/48"), prefix("2001:db8:1:4200::/56"));
  CHECK(mapping.internal().length() == 56);
  CHECK(mapping.to_external(ip("fd01:203:405:7:1::1")));
  CHECK(mapping.to_external(ip("fd01:203:405:100:1::1")).error() == Unmapped::prefix);
}

TEST_CASE("nptv6: packets are translated both ways, whatever they carry", "[nat][rfc6296-3.2]") {
  Nptv6 translator(default_config());
  const Outcome out = handle(translator, Side::inside, make_udp6(host, server, payload_of(31)));
  REQUIRE(out.action == Action::send_outside);
  CHECK(source_of(out.packet) == host_outside);
  CHECK(destination_of(out.packet) == server);
  CHECK(Ipv6View::parse(out.packet)->hop_limit() == 63);
  const Outcome in = handle(translator, Side::outside,
                            make_tcp6(server, host_outside, tcp_flag::syn, 1, 0, payload_of(7)));
  REQUIRE(in.action == Action::send_inside);
  CHECK(destination_of(in.packet) == host);
  const Outcome ping = handle(translator, Side::inside, make_echo6(host.ip, server.ip, 128, 7));
  CHECK(ping.action == Action::send_outside);
  const Outcome other =
      handle(translator, Side::inside,
             make_ipv6({host.ip, server.ip, 132, 64, 0, std::nullopt}, payload_of(12)));
  CHECK(other.action == Action::send_outside);
  CHECK(translator.counters().translated_outbound == 3);
  CHECK(translator.counters().translated_inbound == 1);
}

TEST_CASE("nptv6: inside hosts meet at external addresses", "[nat][rfc6296-4.3]") {
  Nptv6 translator(default_config());
  const IpAddress other_outside = *example.to_external(other_host.ip);
  const Outcome out =
      handle(translator, Side::inside, make_udp6(host, {other_outside, 5000}, as_bytes("x")));
  REQUIRE(out.action == Action::send_inside);
  CHECK(source_of(out.packet) == host_outside);
  CHECK(destination_of(out.packet) == other_host);
  CHECK(translator.counters().hairpinned == 1);
}

TEST_CASE("nptv6: subnets without a counterpart are unreachable", "[nat][rfc6296-3.2]") {
  Nptv6 translator(default_config());
  const Outcome out = handle(translator, Side::inside,
                             make_udp6(at("[fd01:203:405:ffff::1]:1"), server, payload_of(8)));
  CHECK(out.action == Action::drop);
  REQUIRE(out.commands.size() == 1);
  CHECK(out.commands[0].side == Side::inside);
  CHECK(icmp_of(out.commands[0].packet) == "1/0");
  CHECK(translator.counters().dropped_subnet == 1);
}

TEST_CASE("nptv6: an interface identifier of zeros is a parameter problem", "[nat][rfc6296-3.7]") {
  Nptv6Config config = default_config();
  config.external = prefix("2001:db8:1:4200::/56");
  Nptv6 translator(config);
  const Outcome out = handle(translator, Side::inside,
                             make_udp6(at("[fd01:203:405:1::]:1"), server, payload_of(8)));
  REQUIRE(out.commands.size() == 1);
  CHECK(icmp_of(out.commands[0].packet) == "4/0");
}

TEST_CASE("nptv6: ICMPv6 errors name the addresses that their readers know",
          "[nat][rfc6296-5.2][rfc4443-2.4]") {
  Nptv6 translator(default_config());
  const Outcome out = handle(translator, Side::inside, make_udp6(host, server, payload_of(40)));
  const Outcome error =
      handle(translator, Side::outside,
             make_icmpv6_error(ip("2001:db8:8::fe"), host_outside.ip, {2, 0, 1400}, out.packet));
  REQUIRE(error.action == Action::send_inside);
  CHECK(source_of(transport_of(error.packet).subspan(8)) == host);

  const Outcome in =
      handle(translator, Side::outside, make_udp6(server, host_outside, payload_of(40)));
  const Outcome refused =
      handle(translator, Side::inside, make_icmpv6_error(host.ip, server.ip, {1, 4, 0}, in.packet));
  REQUIRE(refused.action == Action::send_outside);
  CHECK(destination_of(transport_of(refused.packet).subspan(8)) == host_outside);
}

TEST_CASE("nptv6: hop limits and sizes are minded", "[nat][rfc4443-3.2][rfc4443-3.3]") {
  Nptv6Config config = default_config();
  config.outside_mtu = 1280;
  Nptv6 translator(config);
  const Outcome expired = handle(translator, Side::inside, make_udp6(host, server, {}, 1));
  REQUIRE(expired.commands.size() == 1);
  CHECK(icmp_of(expired.commands[0].packet) == "3/0");
  const Outcome too_big =
      handle(translator, Side::inside, make_udp6(host, server, payload_of(1400)));
  REQUIRE(too_big.commands.size() == 1);
  CHECK(icmp_of(too_big.commands[0].packet) == "2/0");
  CHECK(load_u32(transport_of(too_big.commands[0].packet).data() + 4) == 1280);
}

TEST_CASE("nptv6: what is not to be forwarded is dropped", "[nat][rfc4291-2.5.6]") {
  Nptv6 translator(default_config());
  CHECK(handle(translator, Side::inside, make_udp6(at("[fe80::1]:1"), server, {})).action ==
        Action::drop);
  CHECK(handle(translator, Side::inside, make_udp6(host, at("[ff02::1]:1"), {})).action ==
        Action::drop);
  CHECK(handle(translator, Side::outside, make_udp6(server, host, {})).action == Action::drop);
  const ByteVector whole = make_udp6(host, server, payload_of(9));
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(handle(translator, Side::inside,
                 ByteVector(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)))
              .action == Action::drop);
}

TEST_CASE("nptv6: prefixes that cannot work are refused", "[nat][rfc6296-4.1]") {
  CHECK(problem_with_prefixes(prefix("fd00::/48"), prefix("fd00::/56")) ==
        "fd00::/48 and fd00::/56 overlap");
  CHECK(problem_with_prefixes(prefix("fd00::/65"), prefix("2001:db8::/48")) ==
        "fd00::/65 is longer than 64 bits");
  CHECK(problem_with_prefixes(prefix("10.0.0.0/8"), prefix("2001:db8::/48")) ==
        "10.0.0.0/8 is not an IPv6 unicast prefix");
  CHECK_FALSE(problem_with_prefixes(prefix("fd00::/48"), prefix("2001:db8::/48")));
}
