#include <set>

#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

const TransportAddress first_server = *TransportAddress::parse("198.51.100.1:3478");
const TransportAddress second_server = *TransportAddress::parse("198.51.100.2:3478");
const IpAddress a_outside = IpAddress::v4(203, 0, 113, 1);
const IpAddress b_outside = IpAddress::v4(203, 0, 113, 2);

Config guessing(Role role) {
  Config config{.role = role};
  config.stun_servers = {first_server, second_server};
  config.hard_nats = true;
  return config;
}

/// a's NAT maps to another port for each destination, b's does not; neither lets a check in.
struct TwoNats {
  explicit TwoNats(Config a = guessing(Role::controlling), Config b = guessing(Role::controlled))
      : wire(std::move(a), std::move(b)) {
    wire.elsewhere = [this](const Datagram& datagram) { return answer(datagram); };
    wire.filter = [this](Datagram& datagram) {
      if (datagram.to.ip == wire.a.ip || datagram.to.ip == wire.b.ip) return false;
      if (datagram.to.ip == b_outside && datagram.from.ip == wire.a.ip)
        openers.insert(datagram.from.port), opener_times.push_back(wire.now);
      if (datagram.to.ip == a_outside && datagram.from.ip == wire.b.ip)
        probed.insert(datagram.to.port), probe_times.push_back(wire.now);
      return true;
    };
  }

  std::optional<ByteVector> answer(const Datagram& datagram) {
    if (datagram.to != first_server && datagram.to != second_server) return std::nullopt;
    const bool from_a = datagram.from.ip == wire.a.ip;
    const TransportAddress mapped{
        from_a ? a_outside : b_outside,
        static_cast<std::uint16_t>(from_a && datagram.to == second_server ? second_port : 20'000)};
    const auto id = stun::MessageView::parse(datagram.bytes)->transaction_id();
    ByteVector response(64);
    stun::MessageBuilder builder(response, stun::Class::success_response, stun::Method::binding,
                                 id);
    builder.add(stun::XorMappedAddress{mapped});
    return copy_of(builder.finish());
  }

  void begin() {
    wire.gather(wire.a);
    wire.gather(wire.b);
    wire.introduce();
  }

  int second_port = 41'234;
  Wire wire;
  std::set<std::uint16_t> openers, probed;
  std::vector<Instant> opener_times, probe_times;
};

std::optional<std::string> nat_told(const Peer& peer) {
  std::optional<std::string> told;
  for (const Candidate& candidate : peer.candidates)
    for (const auto& [name, value] : candidate.extensions)
      if (name == "nat") told = value;
  return told;
}

}  // namespace

TEST_CASE("hard nat: what two servers see is told with the candidate", "[ice][rfc5780-4.3]") {
  TwoNats nats;
  SECTION("another port for each, without pattern") {
    nats.begin();
    nats.wire.run_for(milliseconds(500));
    CHECK(nat_told(nats.wire.a) == "dependent");
    CHECK(nat_told(nats.wire.b) == "independent");
  }
  SECTION("the next ports") {
    nats.second_port = 20'002;
    nats.begin();
    nats.wire.run_for(milliseconds(500));
    CHECK(nat_told(nats.wire.a) == "sequential");
  }
}

TEST_CASE("hard nat: one opens 256 ports, the other tries 1024, 200 in a second",
          "[ice][rfc4787-4.1]") {
  TwoNats nats;
  nats.begin();
  nats.wire.run_for(milliseconds(900));
  CHECK(nats.openers.size() == 1);  // the ordinary check's
  nats.wire.run_for(seconds(35));
  CHECK(nats.openers.size() == 257);
  CHECK(nats.probed.size() >= 1024);
  CHECK(nats.probed.size() <= 1026);  // and those that the servers saw
  const auto within_a_second = [](const std::vector<Instant>& times, Instant from) {
    return std::ranges::count_if(times,
                                 [&](Instant at) { return at >= from && at < from + seconds(1); });
  };
  for (int second = 0; second < 30; ++second) {
    const Instant from = nats.probe_times.front() + seconds(second);
    CHECK(within_a_second(nats.probe_times, from) <= 210);
    CHECK(within_a_second(nats.opener_times, from) <= 210);
  }
  CHECK(nats.wire.a.sockets.size() == 1);  // what was opened is closed again
}

TEST_CASE("hard nat: nothing is guessed unless both want it", "[ice]") {
  const bool a_wants = GENERATE(true, false);
  Config a = guessing(Role::controlling), b = guessing(Role::controlled);
  (a_wants ? b : a).hard_nats = false;
  TwoNats nats(a, b);
  nats.begin();
  nats.wire.run_for(seconds(20));
  CHECK(nats.openers.size() <= 1);
  CHECK(nats.probed.size() <= 2);
}

TEST_CASE("hard nat: the ports after the last one come first where the NAT counts",
          "[ice][rfc4787-4.2.1]") {
  TwoNats nats;
  nats.second_port = 20'002;
  nats.begin();
  nats.wire.run_for(milliseconds(1700));
  for (std::uint16_t port = 20'003; port < 20'100; ++port) CHECK(nats.probed.contains(port));
}
