#include "stile/ice/mux.hpp"

#include "tests/unit/ice/wire.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

const TransportAddress peer_of_1 = *TransportAddress::parse("192.0.2.1:1001");
const TransportAddress peer_of_2 = *TransportAddress::parse("192.0.2.2:1002");
const auto data = as_bytes("\x80 data");

stun::TransactionId id_of(std::uint8_t number) {
  stun::TransactionId id;
  id.bytes.fill(number);
  return id;
}

ByteVector check_for(const std::string& ufrag, std::uint8_t number = 1) {
  return binding_request({.username = ufrag + ":theirs", .password = std::string(24, 'p')},
                         id_of(number));
}

ByteVector answer_to(std::uint8_t number, stun::Class kind = stun::Class::success_response,
                     bool integrity = true) {
  ByteVector buffer(128);
  stun::MessageBuilder builder(buffer, kind, stun::Method::binding, id_of(number));
  if (kind == stun::Class::error_response) builder.add(stun::ErrorCode{401, {}});
  if (integrity) builder.add_message_integrity(stun::short_term_key("password"));
  return copy_of(builder.finish());
}

/// Agents 1 and 2, called "one1" and "two2".
struct TwoAgents : Mux {
  explicit TwoAgents(MuxLimits limits = {}) : Mux(limits) {
    REQUIRE(add(1, "one1"));
    REQUIRE(add(2, "two2"));
  }
  Instant now{};
};

}  // namespace

TEST_CASE("mux: a check goes to the agent whose ufrag it names", "[ice][rfc8445-7.2.2]") {
  TwoAgents mux;
  CHECK(mux.owner_of(peer_of_1, check_for("one1")) == 1u);
  CHECK(mux.owner_of(peer_of_1, check_for("two2")) == 2u);
  CHECK_FALSE(mux.owner_of(peer_of_1, check_for("one")));
  CHECK(mux.counters().unknown_ufrag == 1);
}

TEST_CASE("mux: a response goes to the agent that has asked", "[ice]") {
  TwoAgents mux;
  mux.note_sent(mux.now, 1, peer_of_1, check_for("theirs", 1));
  mux.note_sent(mux.now, 2, peer_of_1, check_for("theirs", 2));
  CHECK(mux.owner_of(peer_of_1, answer_to(1)) == 1u);
  CHECK(mux.owner_of(peer_of_1, answer_to(2)) == 2u);
  CHECK_FALSE(mux.owner_of(peer_of_1, answer_to(3)));
  CHECK(mux.counters().unknown_response == 1);
}

TEST_CASE("mux: a response is awaited as long as it can matter, and then no more", "[ice]") {
  TwoAgents mux;
  mux.note_sent(mux.now, 1, peer_of_1, check_for("theirs", 1));
  mux.note_sent(mux.now + seconds(39), 1, peer_of_1, check_for("theirs", 2));
  CHECK(mux.owner_of(peer_of_1, answer_to(1)) == 1u);
  mux.note_sent(mux.now + seconds(81), 1, peer_of_1, check_for("theirs", 3));
  mux.note_sent(mux.now + seconds(122), 1, peer_of_1, check_for("theirs", 4));
  CHECK_FALSE(mux.owner_of(peer_of_1, answer_to(1)));
  CHECK(mux.owner_of(peer_of_1, answer_to(4)) == 1u);
}

TEST_CASE("mux: data goes to the agent whose peer is there", "[ice]") {
  TwoAgents mux;
  CHECK_FALSE(mux.owner_of(peer_of_1, data));
  CHECK(mux.counters().unknown_address == 1);
  SECTION("which has answered its check") {
    mux.note_sent(mux.now, 1, peer_of_1, check_for("theirs"));
    mux.owner_of(peer_of_1, answer_to(1));
  }
  SECTION("whose check was answered, as a lite agent does") {
    mux.note_sent(mux.now, 1, peer_of_1, answer_to(1));
  }
  CHECK(mux.owner_of(peer_of_1, data) == 1u);
  CHECK_FALSE(mux.owner_of(peer_of_2, data));
  mux.remove(1);
  CHECK_FALSE(mux.owner_of(peer_of_1, data));
  CHECK_FALSE(mux.owner_of(peer_of_1, check_for("one1")));
  CHECK(mux.size() == 1);
}

TEST_CASE("mux: what proves nothing gives nobody an address", "[ice]") {
  TwoAgents mux;
  mux.note_sent(mux.now, 1, peer_of_1, check_for("theirs"));
  SECTION("a question alone") {}
  SECTION("an error") {
    CHECK(mux.owner_of(peer_of_1, answer_to(1, stun::Class::error_response)) == 1u);
    mux.note_sent(mux.now, 1, peer_of_1, answer_to(9, stun::Class::error_response));
  }
  SECTION("an answer without integrity, as of a STUN server") {
    CHECK(mux.owner_of(peer_of_1, answer_to(1, stun::Class::success_response, false)) == 1u);
  }
  SECTION("an answer from elsewhere") {
    CHECK(mux.owner_of(peer_of_2, answer_to(1)) == 1u);
    CHECK_FALSE(mux.owner_of(peer_of_2, data));
  }
  CHECK_FALSE(mux.owner_of(peer_of_1, data));
}

TEST_CASE("mux: an address that has answered is not taken away by a check with a forged source",
          "[ice]") {
  TwoAgents mux;
  mux.note_sent(mux.now, 1, peer_of_1, check_for("theirs"));
  mux.owner_of(peer_of_1, answer_to(1));
  mux.note_sent(mux.now, 2, peer_of_1, answer_to(5));
  CHECK(mux.owner_of(peer_of_1, data) == 1u);
  // One that has answered the other is another's now: a NAT has given its port to somebody else.
  mux.note_sent(mux.now, 2, peer_of_1, check_for("theirs", 2));
  mux.owner_of(peer_of_1, answer_to(2));
  CHECK(mux.owner_of(peer_of_1, data) == 2u);
  mux.remove(1);
  CHECK(mux.owner_of(peer_of_1, data) == 2u);
}

TEST_CASE("mux: after a restart an agent is known by its new ufrag, and by the one before",
          "[ice][rfc8445-9]") {
  TwoAgents mux;
  CHECK(mux.add(1, "new1"));
  CHECK(mux.owner_of(peer_of_1, check_for("one1")) == 1u);
  CHECK(mux.owner_of(peer_of_1, check_for("new1")) == 1u);
  CHECK(mux.add(1, "new2"));
  CHECK_FALSE(mux.owner_of(peer_of_1, check_for("one1")));
  CHECK_FALSE(mux.add(2, "new2"));
  CHECK(mux.owner_of(peer_of_1, check_for("new2")) == 1u);
}

TEST_CASE("mux: its tables do not grow beyond their limits", "[ice]") {
  TwoAgents mux({.owners = 2, .transactions = 8, .addresses_of_owner = 2});
  CHECK_FALSE(mux.add(3, "three"));
  for (std::uint8_t number = 1; number <= 20; ++number)
    mux.note_sent(mux.now, 1, peer_of_1, check_for("theirs", number));
  CHECK_FALSE(mux.owner_of(peer_of_1, answer_to(1)));
  CHECK(mux.owner_of(peer_of_1, answer_to(20)) == 1u);
  for (std::uint16_t port = 1; port <= 5; ++port)
    mux.note_sent(mux.now, 2, {peer_of_2.ip, port}, answer_to(1));
  CHECK_FALSE(mux.owner_of({peer_of_2.ip, 1}, data));
  CHECK(mux.owner_of({peer_of_2.ip, 5}, data) == 2u);
}

TEST_CASE("mux: what is cut off anywhere is nobody's", "[ice]") {
  TwoAgents mux;
  const ByteVector check = check_for("one1");
  for (std::size_t size = 0; size < check.size(); ++size)
    CHECK_FALSE(mux.owner_of(peer_of_1, Bytes(check).first(size)));
}
