#include "nat/core/forward.hpp"

#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const TransportAddress e2p{outside_2, 7000};
const TransportAddress web{inside_1, 8080};
const TransportAddress web_outside{nat_external, 80};

Forward forward(Protocol protocol, std::uint16_t external, const TransportAddress& inside,
                std::uint16_t count = 1) {
  return {protocol, std::nullopt, external, count, inside};
}

Config config_with(std::vector<Forward> forwards) {
  Config config = default_config();
  config.forwards = std::move(forwards);
  return config;
}

const Forward to_web = forward(Protocol::tcp, 80, web);

}  // namespace

TEST_CASE("nat: a forwarded port leads inside, and answers come from it", "[nat][rfc4787-4.2]") {
  Bench bench(config_with({to_web}));
  const Outcome syn = bench.tcp_in(e1p, web_outside, tcp_flag::syn);
  REQUIRE(syn.action == Action::send_inside);
  CHECK(syn.source() == e1p);
  CHECK(syn.destination() == web);
  const Outcome answer = bench.tcp_out(web, e1p, tcp_flag::syn | tcp_flag::ack);
  REQUIRE(answer.action == Action::send_outside);
  CHECK(answer.source() == web_outside);
  CHECK(bench.tcp_in(e1p, web_outside, tcp_flag::ack).action == Action::send_inside);
  CHECK(bench.nat.session_count() == 1);
}

TEST_CASE("nat: a forward is open to everybody, however others are mapped and filtered",
          "[nat][rfc4787-5]") {
  Config config = config_with({forward(Protocol::udp, 5000, {inside_1, 6000})});
  config.mapping = GENERATE(Behavior::endpoint_independent, Behavior::address_dependent,
                            Behavior::address_and_port_dependent);
  config.filtering = Behavior::address_and_port_dependent;
  Bench bench(config);
  for (const TransportAddress& stranger : {e1p, e2p}) {
    CHECK(bench.udp_in(stranger, {nat_external, 5000}).destination() ==
          TransportAddress{inside_1, 6000});
    CHECK(bench.seen({inside_1, 6000}, stranger) == TransportAddress{nat_external, 5000});
  }
}

TEST_CASE("nat: a forward outlives its sessions, and a flush", "[nat][rfc4787-4.3]") {
  Bench bench(config_with({forward(Protocol::udp, 5000, {inside_1, 6000})}));
  bench.seen({inside_1, 6000}, e1p);
  CHECK(bench.nat.session_count() == 1);
  bench.wait(301s);
  CHECK(bench.nat.session_count() == 0);
  CHECK(bench.delivered(e2p, {nat_external, 5000}));
  bench.nat.flush(bench.now);
  CHECK(bench.delivered(e2p, {nat_external, 5000}));
  CHECK(bench.nat.mapping_count() == 0);
}

TEST_CASE("nat: a forwarded port is nobody else's", "[nat][rfc4787-4.2.1]") {
  Bench bench(config_with({forward(Protocol::udp, 5000, {inside_1, 6000})}));
  CHECK(bench.seen({inside_2, 5000}, e1p).port != 5000);
  CHECK(bench.tcp_out({inside_2, 5000}, e1p, tcp_flag::syn).source().port == 5000);
}

TEST_CASE("nat: a range of ports is forwarded one by one", "[nat][rfc4787-4.2.3]") {
  Bench bench(config_with({forward(Protocol::udp, 5000, {inside_1, 6000}, 10)}));
  for (std::uint16_t i = 0; i < 10; ++i) {
    const auto port = static_cast<std::uint16_t>(5000 + i);
    CHECK(bench.udp_in(e1p, {nat_external, port}).destination().port == 6000 + i);
  }
  CHECK_FALSE(bench.delivered(e1p, {nat_external, 5010}));
  CHECK_FALSE(bench.delivered(e1p, {nat_external, 4999}));
}

TEST_CASE("nat: a forward is reached from inside, too", "[nat][rfc4787-6][rfc5382-7.2]") {
  Bench bench(config_with({to_web}));
  const TransportAddress client{inside_2, 4000};
  const Outcome syn = bench.tcp_out(client, web_outside, tcp_flag::syn);
  REQUIRE(syn.action == Action::send_inside);
  CHECK(syn.source() == TransportAddress{nat_external, 4000});
  CHECK(syn.destination() == web);
  const Outcome answer = bench.tcp_out(web, syn.source(), tcp_flag::syn | tcp_flag::ack);
  REQUIRE(answer.action == Action::send_inside);
  CHECK(answer.source() == web_outside);
  CHECK(answer.destination() == client);
}

TEST_CASE("nat: ICMP errors about a forwarded flow are translated", "[nat][rfc5508-4.2]") {
  Bench bench(config_with({forward(Protocol::udp, 5000, {inside_1, 6000})}));
  const Outcome in = bench.udp_in(e1p, {nat_external, 5000});
  const Outcome error =
      bench.from_inside(make_icmp_error(inside_1, outside_1, icmp_type::destination_unreachable,
                                        unreachable_code::port, 0, in.packet));
  REQUIRE(error.action == Action::send_outside);
  CHECK(error.ipv4().source() == nat_external.v4_bits());
  CHECK(destination_of(error.icmp().payload()) == TransportAddress{nat_external, 5000});
}

TEST_CASE("nat: forwards are told of when the NAT is made", "[nat][rfc6888-4]") {
  Bench bench(config_with({to_web}));
  bench.drain_events();
  REQUIRE(bench.events.size() == 1);
  const auto& created = std::get<MappingCreated>(bench.events[0]);
  CHECK(created.is_forward);
  CHECK(created.external == web_outside);
  CHECK(created.inside == web);
}

TEST_CASE("nat: forwards that contradict something are refused in one line", "[nat]") {
  const auto problem = [](std::vector<Forward> forwards, std::vector<StaticAddress> pairs = {}) {
    Config config = config_with(std::move(forwards));
    config.static_addresses = std::move(pairs);
    return problem_with(config).value_or("none");
  };
  CHECK(problem({to_web, forward(Protocol::udp, 80, web)}) == "none");
  CHECK(problem({to_web, forward(Protocol::tcp, 79, {inside_2, 79}, 2)}) ==
        "forward tcp:79-80=192.168.1.11:79: the external port is that of tcp:80=192.168.1.10:8080, "
        "too");
  CHECK(problem({to_web, forward(Protocol::tcp, 81, web)}) ==
        "forward tcp:81=192.168.1.10:8080: the inside port is that of tcp:80=192.168.1.10:8080, "
        "too, so what it sends would have two external ports");
  Forward elsewhere = to_web;
  elsewhere.external = ip("203.0.113.99");
  CHECK(problem({elsewhere}) ==
        "forward tcp:203.0.113.99:80=192.168.1.10:8080: 203.0.113.99 is not among the external "
        "addresses");
  CHECK(problem({forward(Protocol::tcp, 80, {nat_inside, 80})}) ==
        "forward tcp:80=192.168.1.1:80: 192.168.1.1 is the NAT itself");
  CHECK(problem({forward(Protocol::tcp, 80, {nat_external, 80})}).contains("external address"));
  CHECK(problem({forward(Protocol::tcp, 80, {ip("224.0.0.1"), 80})}).contains("not an IPv4"));
  CHECK(problem({forward(Protocol::tcp, 0, web)}).contains("a port is 0"));
  CHECK(problem({forward(Protocol::tcp, 65000, {inside_1, 1}, 1000)}).contains("beyond 65535"));
  CHECK(problem({to_web}, {{inside_1, ip("203.0.113.7")}}) ==
        "forward tcp:80=192.168.1.10:8080: 192.168.1.10 has the external address 203.0.113.7 to "
        "itself");
}

}  // namespace stile::nat::test
