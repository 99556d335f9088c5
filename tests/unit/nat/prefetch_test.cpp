#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

constexpr std::array<Behavior, 2> behaviors{Behavior::endpoint_independent,
                                            Behavior::address_and_port_dependent};

/// One packet of a few flows over both ways, known and new ones, and ICMP now and then.
std::pair<Side, ByteVector> draw(Random& random) {
  const auto host = IpAddress::v4(192, 168, 1, static_cast<std::uint8_t>(10 + random.below(3)));
  const TransportAddress inside{host, static_cast<std::uint16_t>(4000 + random.below(8))};
  const TransportAddress remote{outside_1, static_cast<std::uint16_t>(80 + random.below(3))};
  const TransportAddress external{nat_external, inside.port};
  const ByteVector payload = payload_of(20);
  switch (random.below(5)) {
    case 0:
      return {Side::outside, make_udp(remote, external, payload)};
    case 1:
      return {Side::inside,
              make_icmp_echo(inside.ip, remote.ip, icmp_type::echo, inside.port, 1, payload)};
    case 2:
      return {Side::outside, make_tcp(remote, external, tcp_flag::ack, payload)};
    case 3:
      return {Side::inside,
              make_tcp(inside, remote, random.below(2) ? tcp_flag::syn : tcp_flag::ack, payload)};
    default:
      return {Side::inside, make_udp(inside, remote, payload)};
  }
}

}  // namespace

TEST_CASE("prefetch: what becomes of packets does not depend on it", "[nat]") {
  Config config = default_config();
  config.mapping = GENERATE(from_range(behaviors));
  config.filtering = GENERATE(from_range(behaviors));
  config.udp_sessions = GENERATE(true, false);
  if (problem_with(config)) return;
  Bench plain(config);
  Bench foreseeing(config);
  SeededRandom random(GENERATE(range(1, 20)));
  for (int batch = 0; batch < 100; ++batch) {
    std::vector<std::pair<Side, ByteVector>> packets;
    for (std::uint32_t count = 1 + random.below(80); count > 0; --count)
      packets.push_back(draw(random));
    // Foreseen as if all came from one side, some of them twice, and some that never come.
    std::vector<Bytes> foreseen;
    for (const auto& [side, packet] : packets)
      for (std::uint32_t times = random.below(4); times > 0; --times) foreseen.emplace_back(packet);
    foreseeing.nat.prefetch(packets[0].first, foreseen);
    for (const auto& [side, packet] : packets) {
      const Outcome expected = plain.send(side, packet);
      const Outcome seen = foreseeing.send(side, packet);
      REQUIRE(seen.action == expected.action);
      REQUIRE(seen.packet == expected.packet);
      if (random.below(300) == 0) {
        plain.nat.flush(plain.now);
        foreseeing.nat.flush(foreseeing.now);
      }
    }
    const auto pause = std::chrono::seconds(random.below(150));
    plain.wait(pause);
    foreseeing.wait(pause);
  }
  CHECK(plain.nat.session_count() == foreseeing.nat.session_count());
}

}  // namespace stile::nat::test
