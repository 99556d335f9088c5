#include <algorithm>

#include "ice/priority.hpp"
#include "ice/tcp_candidates.hpp"
#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

Config with_tcp(Role role) {
  return {.role = role, .tcp = true};
}

/// UDP does not pass; what connections carry does.
bool is_tcp(const Datagram& datagram) {
  return datagram.connection.has_value();
}

Candidate tcp_candidate(const char* type) {
  return *Candidate::parse("candidate:1 1 TCP 1 192.0.2.9 4000 typ host tcptype " +
                           std::string(type));
}

}  // namespace

TEST_CASE("tcp: an active, a passive and a simultaneous-open candidate of each address, below UDP",
          "[ice][rfc6544-4.1][rfc6544-4.2][rfc6544-5.1]") {
  Wire wire(with_tcp(Role::controlling), {.role = Role::controlled});
  wire.gather(wire.a);
  std::vector<std::string> types;
  std::uint32_t above = 0x7fffffff;
  for (const Candidate& candidate : wire.a.candidates) {
    const auto type = tcp_type_of(candidate);
    types.emplace_back(type ? to_string(*type) : "udp");
    CHECK(Candidate::parse(candidate.to_string()) == candidate);
    if (type)
      CHECK(candidate.address.port == (type == TcpType::active ? 9 : candidate.address.port));
    if (type == TcpType::active) CHECK((candidate.priority >> 8 & 0xffff) == 6 * 8192 + 8191);
    if (type == TcpType::passive) CHECK((candidate.priority >> 8 & 0xffff) == 4 * 8192 + 8191);
    if (!type) above = candidate.priority;
  }
  std::ranges::sort(types);
  CHECK(types == std::vector<std::string>{"active", "passive", "so", "udp"});
  for (const Candidate& candidate : wire.a.candidates) CHECK(candidate.priority <= above);
  CHECK(type_preference(CandidateType::host, Transport::tcp) <
        type_preference(CandidateType::server_reflexive));
  CHECK(type_preference(CandidateType::server_reflexive, Transport::tcp) >
        type_preference(CandidateType::relayed));
}

TEST_CASE("tcp: active with passive, simultaneous-open with its like, and nothing with UDP",
          "[ice][rfc6544-6.2]") {
  const Candidate active = tcp_candidate("active"), passive = tcp_candidate("passive"),
                  so = tcp_candidate("so");
  CHECK(may_pair(active, passive, false));
  CHECK(may_pair(so, so, false));
  CHECK_FALSE(may_pair(passive, active, false));
  CHECK(may_pair(passive, active, true));
  CHECK_FALSE(may_pair(active, so, false));
  CHECK_FALSE(may_pair(active, active, false));
  CHECK_FALSE(may_pair(active, tcp_candidate("unheard-of"), false));
  CHECK_FALSE(may_pair(active, Candidate{}, false));
}

TEST_CASE("tcp: where UDP is blocked peers connect over TCP, and talk", "[ice][rfc6544-7]") {
  Wire wire(with_tcp(Role::controlling), with_tcp(Role::controlled));
  wire.filter = is_tcp;
  wire.connect();
  REQUIRE(wire.a.selected);
  REQUIRE(wire.b.selected);
  CHECK(wire.a.selected->local.transport == Transport::tcp);
  CHECK(wire.b.selected->remote.transport == Transport::tcp);
  wire.send(wire.a, "over TCP");
  wire.send(wire.b, "and back");
  wire.run_for(milliseconds(100));
  CHECK(wire.b.received == std::vector<std::string>{"over TCP"});
  CHECK(wire.a.received == std::vector<std::string>{"and back"});
}

TEST_CASE("tcp: when it is over one connection is left, and consent keeps it",
          "[ice][rfc6544-8][rfc6544-11.1][rfc7675-5.1]") {
  Wire wire(with_tcp(Role::controlling), with_tcp(Role::controlled));
  wire.filter = is_tcp;
  wire.connect();
  wire.run_for(seconds(100));
  CHECK(wire.a.agent.state() == State::completed);
  CHECK(wire.b.agent.state() == State::completed);
  CHECK(wire.a.other_ends.size() == 1);
  CHECK(wire.b.other_ends.size() == 1);
}

TEST_CASE("tcp: what comes over UDP is preferred", "[ice][rfc6544-4.2]") {
  Wire wire(with_tcp(Role::controlling), with_tcp(Role::controlled));
  wire.connect();
  REQUIRE(wire.a.selected);
  CHECK(wire.a.selected->local.transport == Transport::udp);
  wire.run_for(seconds(10));
  CHECK(wire.a.other_ends.empty());
}

TEST_CASE("tcp: a connection that is refused fails its pair", "[ice][rfc6544-7.1]") {
  Wire wire(with_tcp(Role::controlling), with_tcp(Role::controlled));
  wire.filter = [](Datagram&) { return false; };
  wire.streams_work = false;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  wire.run_for(seconds(2));
  unsigned refused = 0;
  wire.a.agent.for_each_pair(
      [&](const PairReport& pair) { refused += pair.problem == PairProblem::not_connected; });
  CHECK(refused == 2);  // active with passive, and the simultaneous open
  wire.run_for(seconds(60));
  CHECK(wire.a.agent.state() == State::failed);
}

TEST_CASE("tcp: the end of the selected connection ends the session, if nothing else works",
          "[ice][rfc6544-11.1]") {
  Wire wire(with_tcp(Role::controlling), with_tcp(Role::controlled));
  wire.filter = is_tcp;
  wire.connect();
  wire.run_for(seconds(10));
  REQUIRE(wire.a.other_ends.size() == 1);
  wire.a.agent.handle_disconnected(wire.now, wire.a.other_ends.begin()->first, "reset");
  wire.drain(wire.a);
  wire.run_for(seconds(40));  // the UDP pairs are given up by then
  CHECK(wire.a.agent.state() == State::failed);
}

TEST_CASE("tcp: after a restart peers connect anew", "[ice][rfc6544-9.2]") {
  Wire wire(with_tcp(Role::controlling), with_tcp(Role::controlled));
  wire.filter = is_tcp;
  wire.connect();
  wire.run_for(seconds(10));
  wire.restart();
  wire.send(wire.a, "meanwhile");
  CHECK(wire.run_until([&] { return wire.a.selected && wire.b.selected; }));
  wire.run_for(seconds(10));
  CHECK(wire.b.received == std::vector<std::string>{"meanwhile"});
  CHECK(wire.a.other_ends.size() == 1);
}

TEST_CASE("tcp: without the option nothing is listened for, and TCP candidates are of no use",
          "[ice][rfc6544-4.1]") {
  Wire wire({.role = Role::controlling}, with_tcp(Role::controlled));
  wire.filter = is_tcp;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  wire.run_for(seconds(1));
  CHECK(wire.a.candidates.size() == 1);
  CHECK(wire.a.streams.empty());
  CHECK(wire.b.streams.empty());
}
