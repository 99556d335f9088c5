#include "stile/turn/server_search.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "turn/srv_order.hpp"

using namespace stile;
using namespace stile::turn;
using dns::RecordType;

namespace {

const IpAddress a_host = *IpAddress::parse("192.0.2.1");
const IpAddress a_host_v6 = *IpAddress::parse("2001:db8::1");

using Zone = std::map<dns::Question, dns::Answer>;

dns::Answer naptr(std::vector<dns::Naptr> records) {
  return {.addresses = {}, .srv = {}, .naptr = std::move(records)};
}
dns::Answer srv(std::vector<dns::Srv> records) {
  return {.addresses = {}, .srv = std::move(records), .naptr = {}};
}
dns::Answer host(std::vector<IpAddress> addresses) {
  return {.addresses = std::move(addresses), .srv = {}, .naptr = {}};
}

/// RFC 5928 §4.1, Figure 1.
Zone example_net() {
  return {
      {{RecordType::naptr, "example.net"},
       naptr({{200, 10, "", "RELAY:turn.tcp:turn.tls", "stream.example.net."},
              {100, 10, "", "RELAY:turn.udp", "datagram.example.net."}})},
      {{RecordType::naptr, "datagram.example.net"},
       naptr({{100, 10, "S", "RELAY:turn.udp", "_turn._udp.example.net"}})},
      {{RecordType::naptr, "stream.example.net"},
       naptr({{100, 10, "S", "RELAY:turn.tcp", "_turn._tcp.example.net"},
              {200, 10, "A", "RELAY:turn.tls", "a.example.net"}})},
      {{RecordType::srv, "_turn._udp.example.net"}, srv({{0, 0, 3478, "a.example.net"}})},
      {{RecordType::srv, "_turn._tcp.example.net"}, srv({{0, 0, 5000, "a.example.net"}})},
      {{RecordType::a, "a.example.net"}, host({a_host})},
  };
}

/// Answers from the zone, the last question first or the first.
std::vector<ServerPlace> found(const std::string& uri, const Zone& zone, bool last_first = false) {
  SeededRandom random(1);
  ServerSearch search(*ServerUri::parse(uri), random);
  std::vector<dns::Question> open;
  while (!search.is_over()) {
    while (auto question = search.poll_question()) open.push_back(std::move(*question));
    REQUIRE_FALSE(open.empty());
    const auto next = last_first ? open.end() - 1 : open.begin();
    const dns::Question question = *next;
    open.erase(next);
    const auto answer = zone.find(question);
    search.handle_answer(question, answer == zone.end() ? dns::Answer{} : answer->second);
  }
  return search.places();
}

ServerPlace place(Transport transport, std::uint16_t port, const IpAddress& address = a_host) {
  return {transport, {address, port}};
}

}  // namespace

TEST_CASE("server search: an address is asked for nothing", "[turn][rfc5928-3]") {
  CHECK(found("turn:192.0.2.1", {}) == std::vector{place(Transport::udp, 3478)});
  CHECK(found("turns:[2001:db8::1]", {}) == std::vector{place(Transport::tls, 5349, a_host_v6)});
  CHECK(found("turn:192.0.2.1:99?transport=tcp", {}) == std::vector{place(Transport::tcp, 99)});
}

TEST_CASE("server search: with a port it is the host's addresses, both families",
          "[turn][rfc5928-3][rfc8489-8.1]") {
  Zone zone = example_net();
  zone[{RecordType::aaaa, "a.example.net"}] = host({a_host_v6});
  CHECK(found("turn:a.example.net:99", zone) ==
        std::vector{place(Transport::udp, 99), place(Transport::udp, 99, a_host_v6)});
}

TEST_CASE("server search: NAPTR records say which transports, the first ones in which order",
          "[turn][rfc5928-3][rfc5928-4.1]") {
  for (const bool last_first : {false, true})
    CHECK(found("turn:example.net", example_net(), last_first) ==
          std::vector{place(Transport::udp, 3478), place(Transport::tcp, 5000),
                      place(Transport::tls, 5349)});
  CHECK(found("turns:EXAMPLE.net", example_net()) == std::vector{place(Transport::tls, 5349)});
}

TEST_CASE("server search: a name may send to another one", "[turn][rfc5928-4.2]") {
  Zone zone = example_net();
  zone[{RecordType::naptr, "example.com"}] =
      naptr({{100, 10, "", "RELAY:turn.udp:turn.tcp:turn.tls", "example.net"}});
  CHECK(found("turn:example.com", zone).size() == 3);
}

TEST_CASE("server search: with a transport, SRV records; without them the host at the usual port",
          "[turn][rfc5928-3]") {
  Zone zone = example_net();
  CHECK(found("turn:example.net?transport=tcp", zone) == std::vector{place(Transport::tcp, 5000)});
  CHECK(found("turn:a.example.net?transport=tcp", zone) ==
        std::vector{place(Transport::tcp, 3478)});
  CHECK(found("turns:a.example.net?transport=udp", zone) ==
        std::vector{place(Transport::dtls, 5349)});
}

TEST_CASE("server search: without NAPTR records, the SRV records of each transport",
          "[turn][rfc5928-3][rfc7350-4.6.2]") {
  Zone zone = example_net();
  zone.erase({RecordType::naptr, "example.net"});
  zone[{RecordType::srv, "_turns._udp.example.net"}] = srv({{0, 0, 5350, "a.example.net"}});
  zone[{RecordType::a, "example.net"}] = host({*IpAddress::parse("192.0.2.9")});
  CHECK(found("turn:example.net", zone) ==
        std::vector{place(Transport::udp, 3478), place(Transport::tcp, 5000)});
  CHECK(found("turns:example.net", zone) ==
        std::vector{place(Transport::tls, 5349, *IpAddress::parse("192.0.2.9")),
                    place(Transport::dtls, 5350)});
}

TEST_CASE("server search: without any record, a host is what browsers take it for",
          "[turn][rfc5928-3]") {
  const Zone zone{{{RecordType::a, "example.org"}, host({a_host})}};
  CHECK(found("turn:example.org", zone) == std::vector{place(Transport::udp, 3478)});
  CHECK(found("turns:example.org", zone) == std::vector{place(Transport::tls, 5349)});
  CHECK(found("turn:nobody.example.org", zone).empty());
}

TEST_CASE("server search: STUN is found over UDP", "[turn][rfc8489-8.1]") {
  const Zone zone{{{RecordType::srv, "_stun._udp.example.org"}, srv({{0, 0, 99, "a.example.org"}})},
                  {{RecordType::a, "a.example.org"}, host({a_host})},
                  {{RecordType::a, "example.org"}, host({a_host_v6})}};
  CHECK(found("stun:example.org", zone) == std::vector{place(Transport::udp, 99)});
  CHECK(found("stun:a.example.org", zone) == std::vector{place(Transport::udp, 3478)});
}

TEST_CASE("server search: everything is asked at once, and what comes late is not waited for",
          "[turn][rfc5928-3]") {
  SeededRandom random(1);
  ServerSearch search(*ServerUri::parse("turn:example.net"), random);
  std::vector<dns::Question> open;
  while (auto question = search.poll_question()) open.push_back(std::move(*question));
  CHECK(open.size() == 5);
  Zone zone = example_net();
  search.handle_answer({RecordType::naptr, "example.net"},
                       naptr({{1, 1, "s", "relay:TURN.udp", "_turn._udp.example.net"}}));
  search.handle_answer({RecordType::srv, "_turn._udp.example.net"},
                       srv({{0, 0, 3478, "example.net"}}));
  search.handle_answer({RecordType::a, "example.net"}, host({a_host}));
  CHECK_FALSE(search.is_over());
  search.handle_answer({RecordType::aaaa, "example.net"}, {});
  CHECK(search.is_over());
  CHECK(search.places() == std::vector{place(Transport::udp, 3478)});
}

TEST_CASE("server search: a service that is decidedly not there is not looked for",
          "[turn][rfc2782]") {
  Zone zone{{{RecordType::srv, "_turn._tcp.example.org"}, srv({{0, 0, 0, "."}})},
            {{RecordType::a, "example.org"}, host({a_host})}};
  CHECK(found("turn:example.org?transport=tcp", zone).empty());
}

TEST_CASE("server search: records that lead in circles come to an end", "[turn][hostile]") {
  Zone zone;
  for (int i = 0; i < 40; ++i)
    zone[{RecordType::naptr, "n" + std::to_string(i) + ".example.org"}] =
        naptr({{1, 1, "", "RELAY:turn.udp", "n" + std::to_string(i + 1) + ".example.org"},
               {1, 1, "", "RELAY:turn.udp:turn.tcp", "n0.example.org"}});
  CHECK(found("turn:n0.example.org", zone).empty());

  Zone bush;
  for (int i = 0; i < 32; ++i)
    bush[{RecordType::naptr, "example.org"}].naptr.push_back(
        {1, 1, "", "RELAY:turn.udp:turn.tcp:turn.tls:turn.dtls", "example.org"});
  CHECK(found("turn:example.org", bush).empty());

  std::vector<dns::Srv> many;
  Zone wide;
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "h" + std::to_string(i) + ".example.org";
    many.push_back({0, 1, 3478, name});
    wide[{RecordType::a, name}] =
        host({IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(i % 250))});
  }
  wide[{RecordType::srv, "_turn._udp.example.org"}] = srv(many);
  const auto places = found("turn:example.org?transport=udp", wide);
  CHECK_FALSE(places.empty());
  CHECK(places.size() <= 16);
}

TEST_CASE("dns: SRV records come by priority, and by weight within one", "[turn][rfc2782]") {
  std::array<int, 3> first{};
  SeededRandom random(7);
  for (int i = 0; i < 3000; ++i) {
    std::vector<dns::Srv> records{
        {2, 0, 9, "later"}, {1, 0, 0, "zero"}, {1, 10, 1, "ten"}, {1, 20, 2, "twenty"}};
    dns::put_in_order(records, random);
    REQUIRE(records.back().target == "later");
    ++first[records.front().port];
  }
  CHECK(first[0] > 0);
  CHECK(first[0] < 300);  // a very small chance
  CHECK(first[2] > first[1] * 3 / 2);
  CHECK(first[1] > 500);
}
