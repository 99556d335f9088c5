#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

using namespace tcp_flag;

const TransportAddress client{inside_1, 40000};
const TransportAddress server{outside_1, 80};

Config probing() {
  Config config = default_config();
  config.probes_connections = true;
  return config;
}

}  // namespace

TEST_CASE("tcp probe: the host of an idle connection is asked once", "[nat][rfc6146-3.5.2.2]") {
  Bench bench(probing());
  bench.connect(client, server);
  CHECK(bench.wait(7439s).empty());
  const auto commands = bench.wait(1s);
  REQUIRE(commands.size() == 1);
  CHECK(commands[0].side == Side::inside);
  const Bytes probe = commands[0].packet;
  CHECK(source_of(probe) == server);
  CHECK(destination_of(probe) == client);
  CHECK(checksums_are_right(probe));
  const auto tcp = *TcpView::parse(Ipv4View::parse(probe)->payload());
  CHECK(tcp.flags() == ack);
  CHECK(tcp.sequence() == 0);
  CHECK(tcp.acknowledgment() == 0);
  CHECK(tcp.payload().empty());
  CHECK(bench.nat.counters().connections_probed == 1);

  CHECK(bench.wait(239s).empty());
  CHECK(bench.nat.session_count() == 1);
  CHECK(bench.wait(1s).empty());
  CHECK(bench.nat.session_count() == 0);
}

TEST_CASE("tcp probe: an answer keeps the connection for as long again", "[nat][rfc6146-3.5.2.2]") {
  Bench bench(probing());
  const TransportAddress external = bench.connect(client, server);
  REQUIRE(bench.wait(7440s).size() == 1);
  bench.wait(100s);
  const bool from_inside = GENERATE(true, false);
  CHECK((from_inside ? bench.tcp_out(client, server, ack) : bench.tcp_in(server, external, ack))
            .passed());
  CHECK(bench.wait(7439s).empty());
  CHECK(bench.tcp_in(server, external, ack).passed());
  CHECK(bench.wait(7440s).size() == 1);
}

TEST_CASE("tcp probe: a host that has lost the connection does not keep it",
          "[nat][rfc6146-3.5.2.2]") {
  Bench bench(probing());
  bench.connect(client, server);
  REQUIRE(bench.wait(7440s).size() == 1);
  CHECK(bench.tcp_out(client, server, rst).passed());
  CHECK(bench.wait(240s).empty());
  CHECK(bench.nat.session_count() == 0);
}

TEST_CASE("tcp probe: connections that open or close, and UDP, are forgotten unasked",
          "[nat][rfc6146-3.5.2.2]") {
  Bench bench(probing());
  bench.udp_out(client, server);
  bench.tcp_out({inside_1, 1}, server, syn);
  const TransportAddress half = bench.connect({inside_1, 2}, server);
  bench.tcp_in(server, half, fin | ack);
  bench.tcp_out({inside_1, 2}, server, fin | ack);
  CHECK(bench.wait(8000s).empty());
  CHECK(bench.nat.session_count() == 0);
}

TEST_CASE("tcp probe: nobody is asked unless configured", "[nat][rfc5382-req5]") {
  Bench bench;
  bench.connect(client, server);
  CHECK(bench.wait(8000s).empty());
  CHECK(bench.nat.session_count() == 0);
}

TEST_CASE("tcp probe: many at a time are asked a few with each input", "[nat][rfc6146-3.5.2.2]") {
  Config config = probing();
  config.max_ended_at_once = 4;
  Bench bench(config);
  for (std::uint16_t i = 0; i < 20; ++i)
    bench.connect({inside_1, static_cast<std::uint16_t>(40000 + i)}, server);
  CHECK(bench.wait(7440s).size() == 20);
  CHECK(bench.nat.session_count() == 20);
  CHECK(bench.wait(240s).empty());
  CHECK(bench.nat.session_count() == 0);
}

}  // namespace stile::nat::test
