#include <map>

#include "tests/unit/nat/bench.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const TransportAddress virtual_port{nat_external, 80};
const TransportAddress servers[] = {at("192.168.1.10:8080"), at("192.168.1.11:8080"),
                                    at("192.168.1.12:8080")};

Balancer three_servers() {
  Balancer balancer;
  balancer.external_port = 80;
  for (const TransportAddress& server : servers) balancer.servers.push_back({server});
  return balancer;
}

Config with(Balancer balancer) {
  Config config = default_config();
  config.balancers = {std::move(balancer)};
  return config;
}

TransportAddress client(std::uint32_t number, std::uint16_t port = 5000) {
  return {IpAddress::v4(0xc6336400u + number), port};
}

/// To which server a SYN goes.
TransportAddress chosen(Bench& bench, const TransportAddress& from) {
  const Outcome in = bench.tcp_in(from, virtual_port, tcp_flag::syn);
  REQUIRE(in.action == Action::send_inside);
  return in.destination();
}

}  // namespace

TEST_CASE("balancer: clients are spread, and each stays with its server", "[nat][rfc2391-3]") {
  Bench bench(with(three_servers()));
  std::map<TransportAddress, int> clients_of;
  for (std::uint32_t number = 1; number <= 240; ++number) {
    const TransportAddress server = chosen(bench, client(number));
    ++clients_of[server];
    CHECK(chosen(bench, client(number, 6000)) == server);
  }
  REQUIRE(clients_of.size() == 3);
  for (const auto& [server, count] : clients_of) {
    CHECK(count > 40);
    CHECK(count < 130);
  }
}

TEST_CASE("balancer: a server's answers leave from the port that was asked", "[nat][rfc2391-3]") {
  Bench bench(with(three_servers()));
  const TransportAddress server = chosen(bench, client(1));
  const Outcome answer =
      bench.tcp_out(server, client(1), tcp_flag::syn | tcp_flag::ack, {.acknowledgment = 1});
  REQUIRE(answer.action == Action::send_outside);
  CHECK(answer.source() == virtual_port);
  CHECK(bench.tcp_in(client(1), virtual_port, tcp_flag::ack).destination() == server);
  for (const TransportAddress& each : servers) {
    const Outcome out = bench.tcp_out(each, client(9), tcp_flag::syn);
    CHECK(out.source() == virtual_port);
  }
}

TEST_CASE("balancer: by flow, one client's connections go to several", "[nat][rfc2391-3]") {
  Balancer balancer = three_servers();
  balancer.sticky = Balancer::Sticky::flow;
  Bench bench(with(balancer));
  std::map<TransportAddress, int> flows_of;
  for (std::uint16_t port = 5000; port < 5060; ++port) ++flows_of[chosen(bench, client(1, port))];
  CHECK(flows_of.size() == 3);
}

TEST_CASE("balancer: weights count", "[nat][rfc2391-3]") {
  Balancer balancer = three_servers();
  balancer.servers[0].weight = 8;
  Bench bench(with(balancer));
  int of_first = 0;
  for (std::uint32_t number = 1; number <= 250; ++number)
    of_first += chosen(bench, client(number)) == servers[0] ? 1 : 0;
  CHECK(of_first > 160);
  CHECK(of_first < 235);
}

TEST_CASE("balancer: a server that is not well loses its clients, the others keep theirs",
          "[nat][rfc2391-3]") {
  Bench bench(with(three_servers()));
  std::map<std::uint32_t, TransportAddress> before;
  for (std::uint32_t number = 1; number <= 60; ++number)
    before[number] = chosen(bench, client(number));
  bench.nat.set_server_well(bench.now, servers[1], false);
  bench.drain_events();
  const auto* change = std::get_if<ServerChanged>(&bench.events.back());
  REQUIRE(change != nullptr);
  CHECK(change->server == servers[1]);
  CHECK_FALSE(change->is_well);
  for (const auto& [number, server] : before) {
    const TransportAddress now = chosen(bench, client(number));
    CHECK(now != servers[1]);
    if (server != servers[1]) CHECK(now == server);
  }
  bench.nat.set_server_well(bench.now, servers[1], true);
  for (const auto& [number, server] : before) CHECK(chosen(bench, client(number)) == server);
}

TEST_CASE("balancer: connections of a server that is not well end, others live",
          "[nat][rfc2391-3]") {
  Bench bench(with(three_servers()));
  const TransportAddress server = chosen(bench, client(1));
  bench.tcp_out(server, client(1), tcp_flag::syn | tcp_flag::ack, {.acknowledgment = 1});
  CHECK(bench.nat.session_count() == 1);
  for (const TransportAddress& other : servers)
    if (other != server) bench.nat.set_server_well(bench.now, other, false);
  CHECK(bench.nat.session_count() == 1);
  bench.nat.set_server_well(bench.now, server, false);
  CHECK(bench.nat.session_count() == 0);
  CHECK_FALSE(bench.tcp_in(client(1), virtual_port, tcp_flag::ack).passed());
}

TEST_CASE("balancer: servers are reached from inside, too", "[nat][rfc4787-req9]") {
  Bench bench(with(three_servers()));
  const Outcome in = bench.tcp_out(at("192.168.1.77:5000"), virtual_port, tcp_flag::syn);
  REQUIRE(in.action == Action::send_inside);
  CHECK(std::ranges::count(servers, in.destination()) == 1);
  CHECK(in.source() == TransportAddress{nat_external, 5000});
}

TEST_CASE("balancer: it follows the first external address", "[nat][rfc4787-4.4]") {
  Bench bench(with(three_servers()));
  bench.nat.set_external(bench.now, {ip("203.0.113.77")});
  const Outcome in = bench.tcp_in(client(1), at("203.0.113.77:80"), tcp_flag::syn);
  CHECK(in.action == Action::send_inside);
  CHECK_FALSE(bench.tcp_in(client(1), virtual_port, tcp_flag::syn).passed());
}

TEST_CASE("balancer: what contradicts something is refused in one line", "[nat]") {
  const auto problem = [](const std::function<void(Config&)>& change) {
    Config config = with(three_servers());
    change(config);
    return problem_with(config).value_or("");
  };
  CHECK(problem([](Config&) {}) == "");
  CHECK(problem([](Config& c) { c.balancers[0].servers.clear(); }) ==
        "balance tcp:80: there is no server");
  CHECK(problem([](Config& c) {
          c.balancers[0].servers[1] = c.balancers[0].servers[0];
        }).ends_with("192.168.1.10:8080 is given twice"));
  CHECK(problem([](Config& c) {
          c.balancers[0].servers[1].weight = 0;
        }).ends_with("a weight is not between 1 and 100"));
  CHECK(problem([](Config& c) {
          c.balancers.push_back(c.balancers[0]);
        }).ends_with("the port is given twice"));
  CHECK(problem([](Config& c) {
          c.forwards = {{Protocol::tcp, std::nullopt, 80, 1, at("192.168.1.13:80")}};
        }).ends_with("the port is that of forward tcp:80=192.168.1.13:80"));
  CHECK(problem([](Config& c) {
          c.balancers[0].external = ip("198.51.100.9");
        }).ends_with("198.51.100.9 is not among the external addresses"));
}
