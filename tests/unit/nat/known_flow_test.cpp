#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

/// Two NATs that differ in nothing but whether packets of known flows go the short way: an ALG,
/// for a port that nobody uses here, makes all go the long one.
struct Twins {
  static Config with(Config config, bool is_short) {
    config.ftp_alg = !is_short;
    config.inside_networks = {*IpPrefix::parse("192.168.0.0/16")};
    config.no_nat = {*IpPrefix::parse("100.64.0.0/10")};
    return config;
  }
  explicit Twins(const Config& config) : quick(with(config, true)), slow(with(config, false)) {}

  void send(Side from, const ByteVector& packet) {
    const Outcome one = quick.send(from, packet);
    const Outcome other = slow.send(from, packet);
    REQUIRE(one.action == other.action);
    REQUIRE(one.packet == other.packet);
    REQUIRE(one.commands.size() == other.commands.size());
    passed += one.passed() ? 1 : 0;
  }
  void wait(Duration duration) {
    quick.wait(duration);
    slow.wait(duration);
  }

  Bench quick;
  Bench slow;
  int passed = 0;
};

/// Packets of a few flows, most of them with something that makes them less than plain.
class Packets {
 public:
  explicit Packets(std::uint64_t seed) : random_(seed) {}

  ByteVector next(Side from) {
    const IpAddress near = random_.below(2) == 0 ? inside_1 : inside_2;
    const TransportAddress inside{near, port()};
    const TransportAddress outside = pick({{outside_1, 80},
                                           {outside_2, 80},
                                           {nat_external, port()},
                                           {inside_3, 80},
                                           {ip("100.64.1.1"), 80},
                                           {nat_inside, 80},
                                           {ip("127.0.0.1"), 80},
                                           {ip("224.0.0.1"), 80}});
    const TransportAddress external{random_.below(20) == 0 ? router : nat_external, port()};
    ByteVector packet = from == Side::inside ? made(inside, outside) : made(outside, external);
    spoil(packet);
    return packet;
  }
  bool one_in(std::uint32_t count) { return random_.below(count) == 0; }

 private:
  std::uint16_t port() {
    return one_in(30) ? std::uint16_t{0} : static_cast<std::uint16_t>(5000 + random_.below(4));
  }
  TransportAddress pick(std::initializer_list<TransportAddress> all) {
    // The first two mostly.
    const auto count = static_cast<std::uint32_t>(one_in(4) ? all.size() : 2);
    return *(all.begin() + random_.below(count));
  }
  ByteVector made(const TransportAddress& from, const TransportAddress& to) {
    const ByteVector payload = payload_of(one_in(10) ? 1600 : random_.below(60));
    Ipv4Fields fields;
    fields.ttl = static_cast<std::uint8_t>(one_in(10) ? random_.below(3) : 64);
    fields.dont_fragment = one_in(2);
    if (one_in(2)) return make_udp(from, to, payload, fields);
    constexpr std::uint8_t flags[] = {tcp_flag::ack, tcp_flag::syn, tcp_flag::ack | tcp_flag::fin,
                                      tcp_flag::rst, tcp_flag::ack | tcp_flag::psh};
    const TcpFields numbers{.sequence = random_.below(3000), .acknowledgment = random_.below(3000)};
    return make_tcp(from, to, one_in(3) ? flags[random_.below(5)] : tcp_flag::ack, payload, numbers,
                    fields);
  }
  void spoil(ByteVector& packet) {
    if (one_in(12)) packet.resize(packet.size() + random_.below(6));  // padding
    if (one_in(20)) packet.resize(random_.below(static_cast<std::uint32_t>(packet.size())));
    if (one_in(12) && packet.size() >= 28 && packet[9] == 17) packet[26] = packet[27] = 0;
  }

  SeededRandom random_;
};

}  // namespace

TEST_CASE("nat: the short way of known flows and the long one come to the same", "[nat]") {
  const auto seed = GENERATE(1u, 2u, 3u);
  Config config = default_config();
  config.filtering = GENERATE(Behavior::endpoint_independent, Behavior::address_and_port_dependent);
  config.refresh = GENERATE(Refresh::outbound, Refresh::both, Refresh::inbound);
  config.udp_sessions = GENERATE(true, false);
  config.inside_mtu = 1400;
  if (problem_with(config)) return;
  Twins twins(config);
  Packets packets(seed);
  for (int i = 0; i < 3000; ++i) {
    const Side from = packets.one_in(2) ? Side::inside : Side::outside;
    twins.send(from, packets.next(from));
    if (packets.one_in(100)) twins.wait(40s);
  }
  CHECK(twins.passed > 500);
  for (const CounterName& each : counter_names) {
    INFO(each.name);
    CHECK(twins.quick.nat.counters().*each.value == twins.slow.nat.counters().*each.value);
  }
  std::vector<SessionInfo> sessions;
  twins.quick.nat.for_each_session(
      twins.quick.now, [&](const SessionInfo& session) { sessions.push_back(session); });
  std::size_t i = 0;
  twins.slow.nat.for_each_session(twins.slow.now, [&](const SessionInfo& session) {
    REQUIRE(i < sessions.size());
    const SessionInfo& other = sessions[i++];
    CHECK(session.external == other.external);
    CHECK(session.tcp_state == other.tcp_state);
    CHECK(session.time_left == other.time_left);
    CHECK(session.outbound.bytes == other.outbound.bytes);
    CHECK(session.inbound.packets == other.inbound.packets);
  });
  CHECK(i == sessions.size());
}

}  // namespace stile::nat::test
