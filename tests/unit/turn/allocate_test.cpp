#include "tests/unit/turn/bench.hpp"

using namespace stile;
using namespace stile::turn;
using namespace stile::turn::test;
using stun::AttributeType;

TEST_CASE("turn client: Allocate goes bare first and is signed when the server asks",
          "[turn][rfc8656-7.1][rfc8489-9.2.2]") {
  Bench bench;
  bench.allocate();
  REQUIRE(bench.sent.size() == 2);
  const Request& bare = bench.sent[0];
  CHECK(bare.is(Method::allocate));
  CHECK(bare.get<stun::RequestedTransport>().protocol == stun::RequestedTransport::udp);
  CHECK(bare.get<stun::LifetimeAttribute>().value == 600);
  CHECK_FALSE(bare.has(AttributeType::username));
  CHECK_FALSE(bare.has(AttributeType::message_integrity));

  const Request& full = bench.sent[1];
  CHECK(full.get<stun::Username>().text == "alice");
  CHECK(full.get<stun::Realm>().text == "example.org");
  CHECK(full.get<stun::Nonce>().text == "nonce-1");
  CHECK(stun::verify_message_integrity(full.view(), bench.server.key()));
  CHECK(full.view().transaction_id() != bare.view().transaction_id());
}

TEST_CASE("turn client: it tells the relayed and the mapped address", "[turn][rfc8656-7.3]") {
  Bench bench;
  CHECK_FALSE(bench.client.is_allocated());
  bench.allocate();
  CHECK(bench.client.is_allocated());
  const auto allocated = bench.last_event<Allocated>();
  CHECK(allocated.relayed == relayed);
  CHECK(allocated.mapped == mapped);
  CHECK(bench.events.size() == 1);
}

TEST_CASE("turn client: a family is asked for only if it is IPv6", "[turn][rfc8656-18.6]") {
  Bench v4;
  v4.allocate();
  CHECK_FALSE(v4.last().has(AttributeType::requested_address_family));

  Config config = Bench::usual_config();
  config.family = Family::ipv6;
  Bench v6(config);
  v6.server.relayed_address = relayed_v6;
  v6.allocate();
  CHECK(v6.last().get<stun::RequestedAddressFamily>().family == 2);
  CHECK(v6.last_event<Allocated>().relayed == relayed_v6);
}

TEST_CASE("turn client: an allocation that is of no use is given back", "[turn][rfc8656-7.3]") {
  Bench bench;
  SECTION("of another family") {
    bench.server.relayed_address = relayed_v6;
  }
  SECTION("without a relayed address") {
    bench.server.silent = true;
    bench.allocate();
    bench.deliver(bench.server.challenge(bench.last(), 401));
    ByteVector buffer(256);
    stun::MessageBuilder builder(buffer, stun::Class::success_response, Method::allocate,
                                 bench.last().view().transaction_id());
    builder.add(stun::XorMappedAddress{mapped}).add_message_integrity(bench.server.key());
    bench.deliver(builder.finish());
  }
  bench.allocate();
  CHECK(bench.last_event<Failed>().error == 500);
  CHECK_FALSE(bench.client.is_allocated());
  CHECK(bench.last().is(Method::refresh));
  CHECK(bench.last().get<stun::LifetimeAttribute>().value == 0);
  const auto count = bench.sent.size();
  bench.allocate();
  CHECK(bench.sent.size() == count);
}

TEST_CASE("turn client: a refusal is told, in one line, and nothing is sent after it",
          "[turn][rfc8656-7.4]") {
  const std::uint16_t error = GENERATE(300, 400, 403, 437, 440, 441, 442, 486, 500, 508, 699);
  Bench bench;
  bench.server.errors[Method::allocate] = error;
  bench.allocate();
  const auto failed = bench.last_event<Failed>();
  CHECK(failed.error == error);
  CHECK_THAT(failed.reason, Catch::Contains(std::to_string(error)));
  CHECK(failed.reason.find('\n') == std::string::npos);
  CHECK_FALSE(bench.client.is_allocated());
  CHECK(bench.client.poll_timeout() == never);
  CHECK(bench.sent.size() == 2);
}

TEST_CASE("turn client: after a refusal it may be tried again", "[turn][rfc8656-7.4]") {
  Bench bench;
  bench.server.errors[Method::allocate] = 508;
  bench.allocate();
  bench.server.errors.clear();
  bench.allocate();
  CHECK(bench.client.is_allocated());
}

TEST_CASE("turn client: one allocation, however often it is asked for", "[turn][rfc8656-7.1]") {
  Bench bench;
  bench.server.silent = true;
  bench.allocate();
  bench.allocate();
  CHECK(bench.sent.size() == 1);
  bench.server.silent = false;
  bench.forward(500ms);
  bench.allocate();
  CHECK(bench.requests(Method::allocate).size() == 3);
  CHECK(bench.events.size() == 1);
}

TEST_CASE("turn client: the same inputs give the same outputs", "[turn]") {
  const auto trace = [] {
    Bench bench;
    bench.allocate();
    bench.permit(peer_a.ip);
    bench.bind_channel(peer_b);
    bench.forward(1h);
    bench.close();
    ByteVector all;
    for (const Request& request : bench.sent)
      all.insert(all.end(), request.bytes.begin(), request.bytes.end());
    return all;
  };
  CHECK(trace() == trace());
}
