#include "tests/unit/ice/turn_server.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

const IpAddress elsewhere = IpAddress::v4(198, 51, 100, 9);

/// A controlling peer made of checks, towards agent b; it has a's credentials, and answers whatever
/// b asks.
struct Nominator {
  Wire& wire;
  std::uint8_t last_id = 0;

  explicit Nominator(Wire& on) : wire(on) {
    wire.signalling = false;
    wire.gather(wire.b);
    wire.b.agent.set_remote_parameters(wire.now, wire.a.agent.local_parameters());
    wire.elsewhere = [this](const Datagram& datagram) { return answer(datagram); };
  }

  std::optional<ByteVector> answer(const Datagram& datagram) {
    const auto message = stun::MessageView::parse(datagram.bytes);
    if (!message || message->message_class() != stun::Class::request) return std::nullopt;
    ByteVector buffer(256);
    stun::MessageBuilder builder(buffer, stun::Class::success_response, stun::Method::binding,
                                 message->transaction_id());
    builder.add(stun::XorMappedAddress{datagram.from})
        .add_message_integrity(stun::short_term_key(wire.a.agent.local_credentials().pwd));
    return copy_of(builder.finish());
  }

  std::uint16_t port_selected() const {
    return wire.b.selected ? wire.b.selected->remote.address.port : 0;
  }

  void check(std::uint16_t port, std::uint32_t priority, bool use_candidate,
             std::optional<std::uint32_t> nomination = {}) {
    const Credentials& theirs = wire.b.agent.local_credentials();
    const std::string username = theirs.ufrag + ":" + wire.a.agent.local_credentials().ufrag;
    ByteVector buffer(512);
    stun::MessageBuilder builder(buffer, stun::Class::request, stun::Method::binding,
                                 stun::TransactionId{{++last_id}});
    builder.add(stun::Username{username})
        .add(stun::PriorityAttribute{priority})
        .add(stun::IceControlling{~std::uint64_t{0}});
    if (use_candidate) builder.add(stun::UseCandidate{});
    if (nomination) builder.add(stun::NominationAttribute{*nomination});
    builder.add_message_integrity(stun::short_term_key(theirs.pwd)).add_fingerprint();
    wire.deliver(wire.b, {elsewhere, port}, builder.finish());
    wire.run_for(milliseconds(100));
  }
};

}  // namespace

TEST_CASE("nomination: of several nominated pairs the highest counts, in whatever order they come",
          "[ice][rfc8445-8.1.1]") {
  Wire wire;
  Nominator peer(wire);
  for (const std::uint16_t port : {1000, 2000, 3000}) peer.check(port, port, false);
  peer.check(2000, 2000, true);
  CHECK(peer.port_selected() == 2000);
  peer.check(3000, 3000, true);
  CHECK(peer.port_selected() == 3000);
  peer.check(1000, 1000, true);
  CHECK(peer.port_selected() == 3000);
}

TEST_CASE("nomination: where they are numbered the latest counts", "[ice]") {
  Wire wire;
  Nominator peer(wire);
  for (const std::uint16_t port : {1000, 3000}) peer.check(port, port, false);
  peer.check(3000, 3000, true, 1);
  CHECK(peer.port_selected() == 3000);
  peer.check(1000, 1000, true, 2);
  CHECK(peer.port_selected() == 1000);
  peer.check(3000, 3000, true, 1);  // late
  CHECK(peer.port_selected() == 1000);
}

TEST_CASE("nomination: each is numbered for a peer that knows renomination, and for no other",
          "[ice]") {
  for (const bool knows : {true, false}) {
    Wire wire;
    std::vector<std::uint32_t> numbers;
    bool use_candidate = false;
    wire.filter = [&](Datagram& datagram) {
      const auto message = stun::MessageView::parse(datagram.bytes);
      if (datagram.from.ip != wire.a.ip || !message) return true;
      if (const auto number = message->get<stun::NominationAttribute>())
        numbers.push_back(number->value);
      use_candidate = use_candidate || message->has(stun::AttributeType::use_candidate);
      return true;
    };
    wire.gather(wire.a);
    wire.gather(wire.b);
    Parameters of_b = wire.b.agent.local_parameters();
    if (!knows) of_b.options = {"ice2"};
    wire.a.agent.set_remote_parameters(wire.now, of_b);
    wire.b.agent.set_remote_parameters(wire.now, wire.a.agent.local_parameters());
    wire.drain(wire.a);
    wire.drain(wire.b);
    wire.run_until([&] { return wire.a.selected && wire.b.selected; });
    CHECK(numbers == (knows ? std::vector<std::uint32_t>{1} : std::vector<std::uint32_t>{}));
    CHECK(use_candidate);
  }
}

TEST_CASE("nomination: a better pair that answers a moment later is the one that is nominated",
          "[ice][rfc8445-8.1.1]") {
  Wire wire;
  wire.signalling = false;
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  Candidate better = wire.b.candidates[0];
  better.foundation += "x";
  better.priority += 1;
  better.address = *TransportAddress::parse("198.51.100.9:9");
  wire.elsewhere = [&](const Datagram& datagram)
      -> std::optional<ByteVector> {  // answers as b does, a moment later
    const auto message = stun::MessageView::parse(datagram.bytes);
    if (!message || message->message_class() != stun::Class::request) return std::nullopt;
    ByteVector buffer(256);
    stun::MessageBuilder builder(buffer, stun::Class::success_response, stun::Method::binding,
                                 message->transaction_id());
    builder.add(stun::XorMappedAddress{datagram.from})
        .add_message_integrity(stun::short_term_key(wire.b.agent.local_credentials().pwd));
    return copy_of(builder.finish());
  };
  wire.delay = milliseconds(10);
  wire.a.agent.add_remote_candidate(wire.now, wire.b.candidates[0]);
  wire.run_for(milliseconds(1));
  wire.a.agent.add_remote_candidate(wire.now, better);
  wire.drain(wire.a);
  REQUIRE(wire.run_until([&] { return wire.a.selected.has_value(); }));
  CHECK(wire.a.selected->remote.address == better.address);
}

namespace {

/// Agent a has a relay whose pair with b is there as soon as the direct one; direct datagrams pass
/// `lets_pass`, which is told how many have come before.
struct RelayBesides {
  explicit RelayBesides(std::function<bool(const Datagram&, int)> lets_pass)
      : wire(with_relay()), server(wire) {
    wire.signalling = false;
    wire.elsewhere = [this](const Datagram& datagram) { return server.take(datagram); };
    wire.filter = [this, lets_pass](Datagram& datagram) {
      const bool direct = datagram.from.ip != server.address.ip &&
                          (datagram.to.ip == wire.a.ip || datagram.to.ip == wire.b.ip);
      return !direct || lets_pass(datagram, direct_ones++);
    };
    wire.gather(wire.a);
    wire.gather(wire.b);
    wire.run_until([this] { return wire.a.gathering_done && wire.b.gathering_done; });
    wire.introduce();
    for (const Candidate& each : wire.a.candidates)
      wire.b.agent.add_remote_candidate(wire.now, each);
    for (const Candidate& each : wire.b.candidates)
      wire.a.agent.add_remote_candidate(wire.now, each);
    wire.drain(wire.a);
    wire.drain(wire.b);
    began = wire.now;
  }

  static Config with_relay() {
    Config config{.role = Role::controlling};
    config.turn_servers = {{*TransportAddress::parse("198.51.100.1:3478"), {"u", "p"}}};
    return config;
  }
  CandidateType selected_first() {
    REQUIRE(wire.run_until([this] { return wire.a.selected.has_value(); }));
    return wire.a.selected->local.type;
  }

  Wire wire;
  test::TurnServer server;
  int direct_ones = 0;
  Instant began;
};

}  // namespace

TEST_CASE("nomination: a direct check that is lost is sent again as soon as a relay has answered",
          "[ice][rfc8445-8.1.1]") {
  RelayBesides peers([](const Datagram&, int before) { return before >= 2; });
  CHECK(peers.selected_first() == CandidateType::host);
  CHECK(peers.wire.now - peers.began < milliseconds(200));
}

TEST_CASE("nomination: a relay waits where the peer's direct checks come and ours have no answer",
          "[ice][rfc8445-8.1.1]") {
  RelayBesides* all = nullptr;
  RelayBesides peers([&](const Datagram& datagram, int) {
    return datagram.to.ip == IpAddress::v4(192, 0, 2, 1) || !all ||
           all->wire.now - all->began > milliseconds(400);
  });
  all = &peers;
  CHECK(peers.selected_first() == CandidateType::host);
  CHECK(peers.wire.now - peers.began > milliseconds(400));
}

TEST_CASE("nomination: where nothing comes directly a relay is selected at once",
          "[ice][rfc8445-8.1.1]") {
  RelayBesides peers([](const Datagram&, int) { return false; });
  CHECK(peers.selected_first() == CandidateType::relayed);
  CHECK(peers.wire.now - peers.began < milliseconds(300));
}

TEST_CASE("parameters: ice2 is told, and what else the agent does",
          "[ice][rfc8445-10][rfc8838-4.1]") {
  Wire wire({.role = Role::controlling, .trickle = true}, {.role = Role::controlled, .lite = true});
  CHECK(wire.a.agent.local_parameters().has_option("ice2"));
  CHECK(wire.a.agent.local_parameters().has_option("trickle"));
  CHECK_FALSE(wire.a.agent.local_parameters().lite);
  CHECK_FALSE(wire.b.agent.local_parameters().has_option("trickle"));
  CHECK(wire.b.agent.local_parameters().lite);
}

TEST_CASE("pacing: the larger of both proposals counts", "[ice][rfc8445-14.2][rfc8839-5.5]") {
  const auto least_gap = [](std::optional<Duration> proposal) {
    Wire wire;
    wire.signalling = false;
    std::optional<Instant> last;
    Duration least = seconds(1);
    wire.filter = [&](Datagram& datagram) {
      if (datagram.from.ip != wire.a.ip) return true;
      if (last) least = std::min(least, wire.now - *last);
      last = wire.now;
      return false;
    };
    wire.gather(wire.a);
    wire.gather(wire.b);
    Parameters of_b = wire.b.agent.local_parameters();
    of_b.pacing = proposal;
    wire.a.agent.set_remote_parameters(wire.now, of_b);
    for (Candidate each = wire.b.candidates[0]; each.priority % 8 != 0; --each.priority) {
      each.foundation += "x";  // all of one foundation would wait for the first
      ++each.address.port;
      wire.a.agent.add_remote_candidate(wire.now, each);
    }
    wire.drain(wire.a);
    wire.run_for(milliseconds(300));
    return least;
  };
  CHECK(least_gap(milliseconds(1)) == milliseconds(5));
  CHECK(least_gap(milliseconds(50)) == milliseconds(50));
  CHECK(least_gap({}) == milliseconds(20));
}

TEST_CASE("pacing: agents that share it take turns, 5 ms apart", "[ice][rfc8445-14.2]") {
  const auto shared = std::make_shared<SharedPacing>();
  const auto config = [&](Role role) {
    return Config{.role = role, .ta = milliseconds(5), .shared_pacing = shared};
  };
  Wire wire(config(Role::controlling), config(Role::controlled));
  std::map<Instant, int> sent;
  wire.filter = [&](Datagram& datagram) {
    const auto message = stun::MessageView::parse(datagram.bytes);
    if (message && message->message_class() == stun::Class::request) ++sent[wire.now];
    return false;
  };
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  wire.run_for(milliseconds(20));
  REQUIRE(sent.size() == 2);
  CHECK(sent.rbegin()->first - sent.begin()->first == milliseconds(5));
}
