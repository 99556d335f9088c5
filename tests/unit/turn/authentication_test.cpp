#include "tests/unit/turn/bench.hpp"

using namespace stile;
using namespace stile::turn;
using namespace stile::turn::test;
using stun::AttributeType;

namespace {

/// A challenge of these attributes to the last request.
template <class... Attributes>
ByteVector challenge(const Bench& bench, const Attributes&... attributes) {
  ByteVector buffer(2048);
  stun::MessageBuilder builder(buffer, stun::Class::error_response, bench.last().view().method(),
                               bench.last().view().transaction_id());
  (builder.add(attributes), ...);
  return copy_of(builder.finish());
}

constexpr stun::ErrorCode unauthenticated{401, {}};
const stun::Realm realm{"example.org"};
const stun::Nonce nonce{"nonce-1"};
constexpr std::string_view nonce_with_algorithms = "obMatJos2AAABnonce";
constexpr std::string_view nonce_with_anonymity = "obMatJos2AAACnonce";

/// A client whose Allocate waits for an answer.
struct Asking : Bench {
  Asking() {
    server.silent = true;
    allocate();
  }
};

}  // namespace

TEST_CASE("turn client: a stale nonce is replaced, in a new transaction", "[turn][rfc8489-9.2.5]") {
  Bench bench;
  bench.allocate();
  bench.server.nonce = "nonce-2";
  bench.permit(peer_a.ip);
  const auto requests = bench.requests(Method::create_permission);
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].get<stun::Nonce>().text == "nonce-1");
  CHECK(requests[1].get<stun::Nonce>().text == "nonce-2");
  CHECK(requests[0].view().transaction_id() != requests[1].view().transaction_id());
  CHECK(bench.client.is_permitted(peer_a.ip));
}

TEST_CASE("turn client: a server that never takes its nonce is not followed forever", "[turn]") {
  Bench bench;
  bench.server.errors[Method::allocate] = 438;
  bench.allocate();
  CHECK(bench.last_event<Failed>().error == 438);
  CHECK(bench.sent.size() < 10);
}

TEST_CASE("turn client: credentials that are refused are not sent again", "[turn][rfc8489-9.2.5]") {
  Bench bench;
  bench.server.password = "another";
  bench.allocate();
  const auto failed = bench.last_event<Failed>();
  CHECK(failed.error == 401);
  CHECK_THAT(failed.reason, Catch::Contains("password"));
  CHECK(bench.sent.size() == 2);
}

TEST_CASE("turn client: a new realm is worth another try", "[turn][rfc8489-9.2.5]") {
  Asking bench;
  bench.deliver(bench.server.challenge(bench.last(), 401));
  bench.server.realm = "example.com";
  bench.server.silent = false;
  bench.deliver(bench.server.challenge(bench.last(), 401));
  CHECK(bench.last().get<stun::Realm>().text == "example.com");
  CHECK(bench.client.is_allocated());
}

TEST_CASE("turn client: a challenge that lacks what is to be signed ends it",
          "[turn][rfc8489-9.2.5]") {
  Asking bench;
  const auto sent = bench.sent.size();
  SECTION("no REALM") {
    bench.deliver(challenge(bench, unauthenticated, nonce));
  }
  SECTION("no NONCE") {
    bench.deliver(challenge(bench, unauthenticated, realm));
  }
  SECTION("an empty NONCE") {
    bench.deliver(challenge(bench, unauthenticated, realm, stun::Nonce{""}));
  }
  SECTION("the nonce says that there are algorithms, and there are none: somebody took them out") {
    bench.deliver(challenge(bench, unauthenticated, realm, stun::Nonce{nonce_with_algorithms}));
  }
  SECTION("no algorithm that we know") {
    bench.deliver(challenge(bench, unauthenticated, realm, nonce,
                            stun::PasswordAlgorithms{{{7, {}}, {9, {}}}}));
  }
  SECTION("more algorithms than a request can repeat") {
    const std::vector<stun::PasswordAlgorithmEntry> many(100, {2, {}});
    bench.deliver(challenge(bench, unauthenticated, realm, nonce, stun::PasswordAlgorithms{many}));
  }
  CHECK(bench.last_event<Failed>().error == 401);
  CHECK(bench.sent.size() == sent);
}

TEST_CASE("turn client: of the algorithms the first that it knows is taken, and the list repeated",
          "[turn][rfc8489-9.2.5]") {
  Asking bench;
  const stun::PasswordAlgorithms offered{{{7, {}}, {2, {}}, {1, {}}}};
  bench.server.algorithms = {{2, {}}};
  bench.deliver(
      challenge(bench, unauthenticated, realm, stun::Nonce{nonce_with_algorithms}, offered));
  const Request& request = bench.last();
  CHECK(request.get<stun::PasswordAlgorithm>().algorithm.number == 2);
  CHECK(request.get<stun::PasswordAlgorithms>().algorithms == offered.algorithms);
  CHECK(stun::verify_message_integrity_sha256(request.view(), bench.server.key()));
  CHECK_FALSE(request.has(AttributeType::message_integrity));
}

TEST_CASE("turn client: algorithms are negotiated with the server and used to the end",
          "[turn][rfc8489-9.2.5]") {
  const std::uint16_t algorithm = GENERATE(1, 2);
  Bench bench;
  bench.server.nonce = nonce_with_algorithms;
  bench.server.algorithms = {{algorithm, {}}};
  bench.allocate();
  REQUIRE(bench.client.is_allocated());
  bench.permit(peer_a.ip);
  CHECK(bench.client.is_permitted(peer_a.ip));
  CHECK(bench.last().has(AttributeType::message_integrity_sha256));
}

TEST_CASE("turn client: once algorithms were offered it does not go back behind them",
          "[turn][rfc8489-9.2.5]") {
  Bench bench;
  bench.server.nonce = nonce_with_algorithms;
  bench.server.algorithms = {{2, {}}};
  bench.allocate();
  bench.server.silent = true;
  bench.permit(peer_a.ip);
  const auto sent = bench.sent.size();
  SECTION("a challenge without them") {
    bench.deliver(challenge(bench, stun::ErrorCode{438, {}}, realm, nonce));
    CHECK(bench.sent.size() == sent);
    CHECK(bench.last_event<PermissionRefused>().error == 438);
  }
  SECTION("an answer signed with SHA-1") {
    ByteVector buffer(256);
    stun::MessageBuilder builder(buffer, stun::Class::success_response, Method::create_permission,
                                 bench.last().view().transaction_id());
    bench.deliver(builder.add_message_integrity(bench.server.key()).finish());
    CHECK_FALSE(bench.client.is_permitted(peer_a.ip));
  }
}

TEST_CASE("turn client: where the server wants it the user name is hashed",
          "[turn][rfc8489-14.4]") {
  Bench bench;
  bench.server.nonce = nonce_with_anonymity;
  bench.allocate();
  CHECK(bench.client.is_allocated());
  CHECK_FALSE(bench.last().has(AttributeType::username));
  CHECK(bench.last().get<stun::Userhash>().hash == stun::userhash("alice", "example.org"));
}

TEST_CASE("turn client: an answer that the server did not sign is not taken, and waited for on",
          "[turn][rfc8489-9.2.5]") {
  Asking bench;
  bench.deliver(bench.server.challenge(bench.last(), 401));
  const Request request = bench.last();
  const Server honest = bench.server;
  const ByteVector good = honest.success(request);

  SECTION("without integrity") {
    ByteVector bare(good.begin(), good.end() - 24);
    store_u16(bare.data() + 2, static_cast<std::uint16_t>(bare.size() - 20));
    REQUIRE(stun::MessageView::parse(bare));
    bench.deliver(bare);
  }
  SECTION("with another key") {
    Server forger = honest;
    forger.password = "guess";
    bench.deliver(forger.success(request));
  }
  SECTION("an error with another key") {
    Server forger = honest;
    forger.password = "guess";
    bench.deliver(forger.error(request, 486));
  }
  SECTION("a 400 without integrity") {
    bench.deliver(challenge(bench, stun::ErrorCode{400, {}}));
  }
  CHECK_FALSE(bench.client.is_allocated());
  CHECK(bench.events.empty());
  bench.forward(500ms);
  CHECK(bench.last().bytes == request.bytes);
  bench.deliver(good);
  CHECK(bench.client.is_allocated());
}

TEST_CASE("turn client: a success to what was not signed is none", "[turn][rfc8656-5]") {
  Asking bench;
  bench.deliver(bench.server.success(bench.last()));
  CHECK_FALSE(bench.client.is_allocated());
  CHECK(bench.events.empty());
}
