#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

bool is_request(const Datagram& datagram) {
  const auto message = stun::MessageView::parse(datagram.bytes);
  return message && message->message_class() == stun::Class::request;
}

}  // namespace

TEST_CASE("lite: it asks no server, sends no check, and completes when the full agent nominates",
          "[ice][rfc8445-2.5][rfc8445-5.2][rfc8445-7.3.2][rfc8445-8.2]") {
  const TransportAddress server{IpAddress::v4(198, 51, 100, 1), 3478};
  Wire wire({.role = Role::controlling},
            {.role = Role::controlled, .lite = true, .stun_servers = {server}});
  int requests = 0;
  wire.filter = [&](Datagram& datagram) {
    if (datagram.from.ip == wire.b.ip && is_request(datagram)) ++requests;
    return true;
  };
  wire.connect();
  CHECK(wire.a.agent.state() == State::completed);
  CHECK(wire.b.agent.state() == State::completed);
  CHECK(wire.b.candidates.size() == 1);
  CHECK(wire.b.selected->remote.address == wire.a.selected->local.address);
  wire.send(wire.b, "from lite");
  wire.send(wire.a, "from full");
  wire.run_for(seconds(60));  // the full agent asks for consent, the lite one answers
  CHECK(wire.a.received == std::vector<std::string>{"from lite"});
  CHECK(wire.b.received == std::vector<std::string>{"from full"});
  CHECK(wire.a.agent.state() == State::completed);
  CHECK(requests == 0);
}

TEST_CASE("lite: the full agent controls, whatever the two were told", "[ice][rfc8445-6.1.1]") {
  Wire wire({.role = Role::controlled}, {.role = Role::controlling, .lite = true});
  wire.connect();
  CHECK(wire.a.agent.role() == Role::controlling);
  CHECK(wire.b.agent.role() == Role::controlled);
  CHECK(wire.b.agent.state() == State::completed);
}

TEST_CASE("lite: it sends nothing before each component has its pair", "[ice][rfc8445-12.1.1]") {
  Wire wire({.role = Role::controlling, .components = 2},
            {.role = Role::controlled, .lite = true, .components = 2});
  wire.gather(wire.a);
  wire.gather(wire.b);
  wire.introduce();
  REQUIRE(wire.run_until([&] { return wire.b.all_selected.size() == 1; }));
  ByteVector buffer(datagram_headroom + 1);
  const MutableBytes data = MutableBytes(buffer).subspan(datagram_headroom);
  CHECK(wire.b.agent.send(wire.now, wire.b.selected->component, data).error() ==
        SendError::no_path);
  REQUIRE(wire.run_until([&] { return wire.b.all_selected.size() == 2; }));
  CHECK(wire.b.agent.send(wire.now, wire.b.selected->component, data));
}

TEST_CASE("lite: two of them take the same pair without a check, and keep the way open",
          "[ice][rfc8445-8.2][rfc8445-11]") {
  Wire wire({.role = Role::controlling, .lite = true}, {.role = Role::controlled, .lite = true});
  int requests = 0;
  int indications = 0;
  wire.filter = [&](Datagram& datagram) {
    const auto message = stun::MessageView::parse(datagram.bytes);
    if (is_request(datagram)) ++requests;
    if (message && message->message_class() == stun::Class::indication) ++indications;
    return true;
  };
  wire.connect();
  CHECK(wire.a.agent.state() == State::completed);
  CHECK(wire.b.agent.state() == State::completed);
  CHECK(wire.a.selected->remote.address == wire.b.selected->local.address);
  CHECK(wire.a.agent.role() == Role::controlling);
  wire.run_for(seconds(61));
  CHECK(requests == 0);
  CHECK(indications >= 6);
}

TEST_CASE("lite: a full peer that wants to be controlled is told that it must not",
          "[ice][rfc8445-6.1.1][rfc8445-7.3.1.1]") {
  Wire wire({.role = Role::controlling}, {.role = Role::controlled, .lite = true});
  wire.gather(wire.b);
  const Credentials& ours = wire.b.agent.local_credentials();
  std::optional<std::uint16_t> error;
  wire.filter = [&](Datagram& datagram) {
    const auto message = stun::MessageView::parse(datagram.bytes);
    if (message && message->has(stun::AttributeType::error_code))
      error = message->get<stun::ErrorCode>()->number;
    return false;
  };
  wire.deliver(
      wire.b, {wire.a.ip, 9},
      binding_request({.username = ours.ufrag + ":x", .password = ours.pwd, .controlled = 1}));
  CHECK(error == 487);
}

TEST_CASE("lite: a lite agent that nobody checks gives up", "[ice][rfc8863-4]") {
  Wire wire({.role = Role::controlling}, {.role = Role::controlled, .lite = true});
  wire.filter = [](Datagram&) { return false; };
  wire.connect();
  CHECK(wire.b.agent.state() == State::failed);
}
