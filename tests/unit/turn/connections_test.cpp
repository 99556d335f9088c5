#include "tests/unit/turn/bench.hpp"

using namespace stile;
using namespace stile::turn;
using namespace stile::turn::test;

namespace {

Config tcp_config() {
  Config config = Bench::usual_config();
  config.relays_tcp = true;
  config.retransmission.reliable = true;
  return config;
}

ByteVector attempt(std::optional<std::uint32_t> id, std::optional<TransportAddress> peer) {
  ByteVector buffer(128);
  stun::MessageBuilder builder(buffer, stun::Class::indication, Method::connection_attempt, {});
  if (id) builder.add(stun::ConnectionId{*id});
  if (peer) builder.add(stun::XorPeerAddress{*peer});
  return copy_of(builder.finish());
}

}  // namespace

TEST_CASE("turn client: a relay for TCP is asked for by the number of TCP", "[turn][rfc6062-4.1]") {
  Bench bench(tcp_config());
  bench.allocate();
  CHECK(bench.last().get<stun::RequestedTransport>().protocol == stun::RequestedTransport::tcp);
  CHECK(bench.last_event<Allocated>().relayed == relayed);
}

TEST_CASE("turn client: a permitted peer's connection is offered", "[turn][rfc6062-4.4]") {
  Bench bench(tcp_config());
  bench.allocate();
  bench.permit(peer_a.ip);
  bench.deliver(attempt(7, peer_a));
  CHECK(bench.last_event<ConnectionOffered>().connection_id == 7);
  CHECK(bench.last_event<ConnectionOffered>().peer == peer_a);
  const auto events = bench.events.size();
  bench.deliver(attempt(8, peer_b));  // never permitted
  bench.deliver(attempt({}, peer_a));
  bench.deliver(attempt(9, {}));
  CHECK(bench.events.size() == events);
}

TEST_CASE("turn client: a relay for UDP has no connections to offer", "[turn][rfc6062-4.4]") {
  Bench bench;
  bench.allocate();
  bench.permit(peer_a.ip);
  const auto events = bench.events.size();
  bench.deliver(attempt(7, peer_a));
  CHECK(bench.events.size() == events);
}

TEST_CASE("connection binding: it is signed as the allocation was, and a nonce may be another one",
          "[turn][rfc6062-4.4]") {
  using State = ConnectionBinding::State;
  Bench bench(tcp_config());
  if (GENERATE(true, false)) bench.server.algorithms = {{2, {}}};
  bench.allocate();
  SeededRandom random(2);
  ConnectionBinding binding = bench.client.bind({7, peer_a});
  if (GENERATE(true, false)) {
    bench.server.nonce = "another";
    const Request first{bench.now, binding.request(random)};
    const auto stale = *bench.server.answer(first);
    REQUIRE(binding.handle_answer(*stun::MessageView::parse(stale)) == State::waiting);
  }
  const Request request{bench.now, binding.request(random)};
  CHECK(request.is(Method::connection_bind));
  CHECK(request.get<stun::ConnectionId>().value == 7);
  const auto success = *bench.server.answer(request);
  CHECK(binding.handle_answer(*stun::MessageView::parse(success)) == State::bound);
}

TEST_CASE("connection binding: what is refused, forged or challenged for ever is not bound",
          "[turn][rfc6062-4.4]") {
  using State = ConnectionBinding::State;
  Bench bench(tcp_config());
  bench.allocate();
  SeededRandom random(2);
  ConnectionBinding binding = bench.client.bind({7, peer_a});
  const Request request{bench.now, binding.request(random)};
  SECTION("refused") {
    bench.server.errors[Method::connection_bind] = 400;
    const auto refusal = *bench.server.answer(request);
    CHECK(binding.handle_answer(*stun::MessageView::parse(refusal)) == State::refused);
  }
  SECTION("signed with another password") {
    bench.server.password = "other";
    const auto success = bench.server.success(request);
    CHECK(binding.handle_answer(*stun::MessageView::parse(success)) == State::refused);
  }
  SECTION("the answer to another request") {
    const auto other =
        bench.server.success({bench.now, bench.client.bind({8, peer_a}).request(random)});
    CHECK(binding.handle_answer(*stun::MessageView::parse(other)) == State::refused);
  }
  SECTION("a new nonce each time") {
    Request next = request;
    int challenges = 0;
    for (State state = State::waiting; state == State::waiting; ++challenges) {
      bench.server.nonce += "+";
      const auto stale = *bench.server.answer(next);
      state = binding.handle_answer(*stun::MessageView::parse(stale));
      next.bytes = binding.request(random);
    }
    CHECK(challenges == 4);
  }
}
