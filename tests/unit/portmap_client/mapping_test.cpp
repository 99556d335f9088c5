#include "stile/portmap/mapping.hpp"

#include <catch2/catch.hpp>

#include "nat/portmap/server.hpp"

using namespace stile;
using namespace stile::portmap;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const IpAddress router_ip = IpAddress::v4(192, 168, 1, 1);
const IpAddress external_ip = IpAddress::v4(203, 0, 113, 1);
const TransportAddress router{router_ip, server_port};
const TransportAddress host{IpAddress::v4(192, 168, 1, 2), 4000};

nat::Config nat_config() {
  nat::Config config;
  config.external = {external_ip};
  config.inside_address = router_ip;
  return config;
}

/// A host that wants a mapping, and its router; datagrams between them take no time.
struct Home {
  explicit Home(nat::portmap::Config config = {}, bool has_server = true)
      : nat(nat_config(), random), mapping({.router = router, .internal = host}, random) {
    if (has_server) server.emplace(config, nat, now);
  }

  void drain() {
    while (const auto request = mapping.poll_transmit()) {
      ++sent;
      auto answer = server ? server->handle_datagram(now, host, *request) : std::nullopt;
      if (answer && bend) bend(*answer);
      if (answer) mapping.handle_datagram(now, *answer);
    }
    while (const auto event = mapping.poll_event()) {
      if (const auto* mapped = std::get_if<Mapped>(&*event)) externals.push_back(mapped->external);
      if (const auto* lost = std::get_if<Lost>(&*event)) reasons.push_back(lost->reason);
    }
  }

  void run_until(Instant end) {
    while (mapping.poll_timeout() <= end) {
      now = mapping.poll_timeout();
      mapping.handle_timeout(now);
      drain();
    }
    now = end;
    nat.handle_timeout(now);
  }

  void request() {
    mapping.request(now);
    drain();
  }

  bool is_mapped() { return nat.mapping_of_inside(nat::Protocol::udp, host).has_value(); }

  SeededRandom random{1};
  Instant now{seconds(100)};
  nat::Nat nat;
  std::optional<nat::portmap::Server> server;
  Mapping mapping;
  std::function<void(ByteVector&)> bend;
  int sent = 0;
  std::vector<TransportAddress> externals;
  std::vector<std::string> reasons;
};

}  // namespace

TEST_CASE("mapping: by PCP, with the port of ours if it is free", "[portmap][rfc6887-11.2]") {
  Home home({.nat_pmp = false});
  home.request();
  CHECK(home.externals == std::vector{TransportAddress{external_ip, host.port}});
  CHECK(home.sent == 1);
  CHECK(home.server->counters().pcp_answers[0] == 1);
}

TEST_CASE("mapping: by NAT-PMP where the router knows no PCP",
          "[portmap][rfc6887-9][rfc6886-3.3]") {
  Home home({.pcp = false});
  home.request();
  CHECK(home.externals == std::vector{TransportAddress{external_ip, host.port}});
  CHECK(home.server->counters().nat_pmp_answers == 3);  // no PCP, the address, the port
}

TEST_CASE("mapping: it is renewed in time, as long as it is wanted", "[portmap][rfc6887-11.2.1]") {
  const bool pcp = GENERATE(true, false);
  Home home({.pcp = pcp, .max_lifetime = seconds(600)});
  home.request();
  home.run_until(home.now + hours(5));
  CHECK(home.is_mapped());
  CHECK(home.externals.size() == 1);
  CHECK(home.reasons.empty());
  CHECK(home.sent > 5 * 6);
  CHECK(home.sent < 5 * 14);
}

TEST_CASE("mapping: it is given back", "[portmap][rfc6887-15.1][rfc6886-3.4]") {
  const bool pcp = GENERATE(true, false);
  Home home({.pcp = pcp});
  home.request();
  CHECK(home.is_mapped());
  home.mapping.close();
  home.drain();
  CHECK_FALSE(home.is_mapped());
  CHECK(home.mapping.poll_timeout() == never);
}

TEST_CASE("mapping: a router that is silent is asked five times, in 8 seconds",
          "[portmap][rfc6887-8.1.1]") {
  Home home({}, false);
  const Instant began = home.now;
  home.request();
  home.run_until(began + milliseconds(7749));
  CHECK(home.reasons.empty());
  home.run_until(began + milliseconds(7750));
  CHECK(home.reasons == std::vector<std::string>{"answers neither to PCP nor to NAT-PMP"});
  CHECK(home.sent == 5);
  CHECK(home.mapping.poll_timeout() == never);
}

TEST_CASE("mapping: one that is no longer renewed is told to be lost when it ends",
          "[portmap][rfc6887-11.2.1]") {
  Home home({.max_lifetime = seconds(600)});
  home.request();
  home.server.reset();
  home.run_until(home.now + seconds(599));
  CHECK(home.reasons.empty());
  home.run_until(home.now + seconds(2));
  CHECK(home.reasons.size() == 1);
}

TEST_CASE("mapping: what the router refuses is told in words", "[portmap][rfc6887-7.4]") {
  Home home;
  home.bend = [](ByteVector& answer) { answer[3] = 8; };
  home.request();
  CHECK(home.reasons == std::vector<std::string>{"it has no mapping left"});
}

TEST_CASE("mapping: an answer to another's request, or a cut one, is none",
          "[portmap][rfc6887-8.3][rfc6887-11.4]") {
  Home home;
  const std::size_t wrong = GENERATE(1, 24, 35, 36, 40);
  home.bend = [&](ByteVector& answer) { answer[wrong] ^= wrong == 1 ? 0x82 : 1; };
  home.request();
  CHECK(home.externals.empty());
  for (std::size_t length = 0; length < 60; ++length) {
    home.bend = [&](ByteVector& answer) { answer.resize(length); };
    home.run_until(home.mapping.poll_timeout());
    if (home.mapping.poll_timeout() == never) home.request();
  }
  CHECK(home.externals.empty());
}
