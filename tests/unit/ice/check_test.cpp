#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

const TransportAddress stranger = *TransportAddress::parse("198.51.100.7:4000");

/// What a answers to a request from the stranger.
struct Answer {
  std::optional<ByteVector> bytes;
  std::uint16_t error = 0;
  bool integrity = false;
};

Answer ask(Wire& wire, const ByteVector& request) {
  Answer answer;
  wire.elsewhere = [&](const Datagram& datagram) -> std::optional<ByteVector> {
    if (load_u16(datagram.bytes.data()) != 1) answer.bytes = datagram.bytes;
    return std::nullopt;
  };
  wire.deliver(wire.a, stranger, request);
  if (!answer.bytes) return answer;
  const auto message = stun::MessageView::parse(*answer.bytes);
  REQUIRE(message);
  if (const auto error = message->get<stun::ErrorCode>()) answer.error = error->number;
  answer.integrity = stun::verify_message_integrity(
      *message, stun::short_term_key(wire.a.agent.local_credentials().pwd));
  return answer;
}

CheckText good_check(Wire& wire) {
  const auto& ours = wire.a.agent.local_credentials();
  return {ours.ufrag + ":" + wire.b.agent.local_credentials().ufrag,
          ours.pwd,
          {},
          7,
          1845494271,
          false,
          true};
}

}  // namespace

TEST_CASE("check: a good one is answered with the mapped address, signed", "[ice][rfc8445-7.3]") {
  Wire wire;
  wire.gather(wire.a);
  const auto answer = ask(wire, binding_request(good_check(wire)));
  REQUIRE(answer.bytes);
  CHECK(answer.error == 0);
  CHECK(answer.integrity);
  CHECK(stun::MessageView::parse(*answer.bytes)->get<stun::XorMappedAddress>()->address ==
        stranger);
}

TEST_CASE("check: without integrity it is 400, with a wrong one 401, and nothing is learnt",
          "[ice][rfc8489-9.1.3]") {
  Wire wire;
  wire.gather(wire.a);
  wire.introduce();
  auto check = good_check(wire);
  SECTION("no MESSAGE-INTEGRITY") {
    check.integrity = false;
    CHECK(ask(wire, binding_request(check)).error == 400);
  }
  SECTION("wrong password") {
    check.password = "not the password of anybody";
    CHECK(ask(wire, binding_request(check)).error == 401);
  }
  SECTION("another's user name") {
    check.username = "somebody:else";
    CHECK(ask(wire, binding_request(check)).error == 401);
  }
  CHECK(wire.a.agent.counters().unauthenticated == 1);
  int pairs = 0;
  wire.a.agent.for_each_pair([&](const PairReport&) { ++pairs; });
  CHECK(pairs == 0);
}

TEST_CASE("check: cut at every length it is never answered with success", "[ice][rfc8445-7.3]") {
  Wire wire;
  wire.gather(wire.a);
  const auto whole = binding_request(good_check(wire));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto answer =
        ask(wire, ByteVector(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)));
    CHECK_FALSE(answer.bytes);
  }
}

TEST_CASE("check: one that comes before the remote credentials is answered and used later",
          "[ice][rfc8445-7.3]") {
  Wire wire;
  wire.signalling = false;
  wire.gather(wire.a);
  CHECK(ask(wire, binding_request(good_check(wire))).error == 0);
  wire.introduce();
  std::vector<TransportAddress> remotes;
  wire.a.agent.for_each_pair(
      [&](const PairReport& pair) { remotes.push_back(pair.remote.address); });
  CHECK(remotes == std::vector{stranger});
}

TEST_CASE("role: the side with the larger tie-breaker stays, the other is told by 487",
          "[ice][rfc8445-7.3.1.1]") {
  Wire wire;
  wire.gather(wire.a);
  auto check = good_check(wire);
  check.controlled = {};
  SECTION("ours is larger: 487") {
    check.controlling = 0;
    const auto answer = ask(wire, binding_request(check));
    CHECK(answer.error == 487);
    CHECK(answer.integrity);
    CHECK(wire.a.agent.role() == Role::controlling);
  }
  SECTION("theirs is larger: we become controlled") {
    check.controlling = UINT64_MAX;
    CHECK(ask(wire, binding_request(check)).error == 0);
    CHECK(wire.a.agent.role() == Role::controlled);
  }
}

TEST_CASE("role: two agents of the same role end with different ones and connect",
          "[ice][rfc8445-7.2.5.1]") {
  const Role role = GENERATE(Role::controlling, Role::controlled);
  Wire wire({.role = role}, {.role = role});
  wire.connect();
  CHECK(wire.a.agent.state() == State::completed);
  CHECK(wire.b.agent.state() == State::completed);
  CHECK(wire.a.agent.role() != wire.b.agent.role());
}

TEST_CASE("check: an answer from another address fails the pair", "[ice][rfc8445-7.2.5.2.1]") {
  Wire wire;
  wire.filter = [&](Datagram& datagram) {
    const bool response = load_u16(datagram.bytes.data()) == 0x0101;
    if (response) datagram.from.port ^= 1;
    return true;
  };
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  wire.run_for(seconds(2));
  CHECK(wire.a.agent.state() == State::checking);
  bool valid = false;
  wire.a.agent.for_each_pair([&](const PairReport& pair) { valid |= pair.valid; });
  CHECK_FALSE(valid);
}

TEST_CASE("check: a mapped address that nobody told of is a peer-reflexive candidate",
          "[ice][rfc8445-7.2.5.3.1]") {
  Wire wire;
  const auto outside = *TransportAddress::parse("192.0.2.1:61000");
  wire.filter = [&](Datagram& datagram) {  // a NAT in front of a, on a's own address
    if (datagram.from.ip == wire.a.ip) datagram.from = outside;
    if (datagram.to == outside) datagram.to = wire.a.sockets.begin()->second;
    return true;
  };
  wire.connect();
  REQUIRE(wire.a.selected);
  CHECK(wire.a.selected->local.type == CandidateType::peer_reflexive);
  CHECK(wire.a.selected->local.address == outside);
  CHECK(wire.b.selected->remote.address == outside);
}

TEST_CASE("data: from an address that no pair has it is dropped and counted", "[ice]") {
  Wire wire;
  wire.connect();
  wire.deliver(wire.a, stranger, as_bytes("spam"));
  CHECK(wire.a.received.empty());
  CHECK(wire.a.agent.counters().data_from_strangers == 1);
}
