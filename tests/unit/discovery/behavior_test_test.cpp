#include <catch2/catch.hpp>

#include "stile/discovery/behavior_test.hpp"

using namespace stile;
using namespace stile::discovery;
using std::chrono::milliseconds;

namespace {

const TransportAddress primary = *TransportAddress::parse("198.51.100.1:3478");
const TransportAddress alternate = *TransportAddress::parse("198.51.100.2:3479");
const TransportAddress local = *TransportAddress::parse("192.168.1.2:5000");
const IpAddress public_ip = IpAddress::v4(203, 0, 113, 9);

/// A NAT by its behaviour alone, and a server of two addresses behind it.
struct Path {
  std::optional<Behavior> mapping;  ///< none: no NAT
  Behavior filtering = Behavior::endpoint_independent;
  bool hairpin = false;
  bool two_addresses = true;
  std::function<bool()> lose = [] { return false; };

  TransportAddress mapped(std::size_t socket, const TransportAddress& to) const {
    const auto port = static_cast<std::uint16_t>(5000 + socket);
    if (!mapping) return {local.ip, port};
    std::uint16_t offset = 0;
    if (*mapping != Behavior::endpoint_independent && to.ip == alternate.ip) offset += 100;
    if (*mapping == Behavior::address_and_port_dependent && to.port == alternate.port)
      offset += 200;
    return {public_ip, static_cast<std::uint16_t>(port + offset)};
  }
  bool passes(const TransportAddress& asked, const TransportAddress& from) const {
    if (filtering == Behavior::endpoint_independent) return true;
    return filtering == Behavior::address_dependent ? asked.ip == from.ip : asked == from;
  }
};

Findings run(const Path& path) {
  SeededRandom random(1);
  BehaviorTest test({.server = primary}, random);
  Instant now{};
  test.start(now, local);
  std::optional<TransportAddress> invited;  // whom the mapping socket wrote to behind its own NAT
  for (int i = 0; i < 1000 && !test.is_done(); ++i) {
    while (const auto out = test.poll_transmit()) {
      if (path.lose()) continue;
      const auto request = stun::MessageView::parse(out->bytes);
      if (out->to.ip == public_ip) {
        if (out->socket == BehaviorTest::mapping_socket) invited = out->to;
        const TransportAddress from = path.mapped(out->socket, out->to);
        const bool passes = path.filtering == Behavior::endpoint_independent || invited == from;
        if (out->socket == BehaviorTest::hairpin_socket && path.hairpin && passes)
          test.handle_datagram(now, BehaviorTest::mapping_socket, out->bytes);
        continue;
      }
      TransportAddress from = out->to;
      if (const auto change = request->get<stun::ChangeRequest>()) {
        if (change->change_ip) from.ip = from.ip == primary.ip ? alternate.ip : primary.ip;
        if (change->change_port)
          from.port = from.port == primary.port ? alternate.port : primary.port;
      }
      if (!path.passes(out->to, from)) continue;
      std::uint8_t buffer[128];
      stun::MessageBuilder builder(buffer, stun::Class::success_response, stun::Method::binding,
                                   request->transaction_id());
      builder.add(stun::XorMappedAddress{path.mapped(out->socket, out->to)});
      if (path.two_addresses) builder.add(stun::OtherAddress{alternate});
      test.handle_datagram(now, out->socket, builder.finish());
    }
    if (test.is_done()) break;
    now = test.poll_timeout();
    test.handle_timeout(now);
  }
  REQUIRE(test.is_done());
  return test.findings();
}

constexpr Behavior behaviors[] = {Behavior::endpoint_independent, Behavior::address_dependent,
                                  Behavior::address_and_port_dependent};

}  // namespace

TEST_CASE("discovery: each mapping and filtering behaviour is told from the others",
          "[discovery][rfc5780-4.3][rfc5780-4.4]") {
  for (const Behavior mapping : behaviors) {
    for (const Behavior filtering : behaviors) {
      const auto findings = run({.mapping = mapping, .filtering = filtering});
      CHECK(findings.behind_nat == true);
      CHECK(findings.mapping == mapping);
      CHECK(findings.filtering == filtering);
    }
  }
}

TEST_CASE("discovery: without a NAT there is no mapping, but there may be a firewall",
          "[discovery][rfc5780-4.3]") {
  const auto findings = run({.mapping = {}, .filtering = Behavior::address_and_port_dependent});
  CHECK(findings.behind_nat == false);
  CHECK_FALSE(findings.mapping);
  CHECK(findings.filtering == Behavior::address_and_port_dependent);
}

TEST_CASE("discovery: hairpinning is seen, and its absence", "[discovery][rfc4787-req9]") {
  for (const Behavior filtering : behaviors)
    CHECK(run({.mapping = behaviors[0], .filtering = filtering, .hairpin = true}).hairpinning ==
          true);
  CHECK(run({.mapping = behaviors[0], .hairpin = false}).hairpinning == false);
}

TEST_CASE("discovery: a server of one address tells the address and claims no more",
          "[discovery][rfc5780-7.4]") {
  const auto findings = run({.mapping = behaviors[2], .two_addresses = false});
  CHECK(findings.answered);
  CHECK(findings.mapped == TransportAddress{public_ip, 5000});
  CHECK_FALSE(findings.mapping);
  CHECK_FALSE(findings.filtering);
}

TEST_CASE("discovery: a server that does not answer", "[discovery]") {
  const auto findings = run({.lose = [] { return true; }});
  CHECK_FALSE(findings.answered);
}

TEST_CASE("discovery: lost packets are not taken for a filter", "[discovery][rfc5780-4.4]") {
  int count = 0;
  const auto findings = run({.mapping = behaviors[0], .lose = [&] { return ++count % 3 == 0; }});
  CHECK(findings.filtering == Behavior::endpoint_independent);
}
