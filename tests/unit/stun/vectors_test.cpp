#include "tests/unit/stun/vectors.hpp"

#include <catch2/catch.hpp>

#include "stile/stun/attributes.hpp"

using namespace stile;
using namespace stile::stun;
using namespace stile::stun::test;

namespace {

const TransactionId short_term_id{
    {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae}};
const TransactionId long_term_id{
    {0x78, 0xad, 0x34, 0x33, 0xc6, 0xad, 0x72, 0xc0, 0x29, 0xda, 0x41, 0x2e}};

void check_response(const ByteVector& bytes, std::string_view mapped) {
  const auto message = MessageView::parse(bytes);
  REQUIRE(message);
  CHECK(message->is(Class::success_response, Method::binding));
  CHECK(message->transaction_id() == short_term_id);
  CHECK(message->get<Software>()->text == "test vector");
  CHECK(message->get<XorMappedAddress>()->address == TransportAddress::parse(mapped));
  CHECK(message->has(AttributeType::fingerprint));
  CHECK(verify_message_integrity(*message, short_term_key(sample_password)));
  CHECK_FALSE(verify_message_integrity(*message, short_term_key("another")));
}

}  // namespace

TEST_CASE("stun: the sample request of RFC 5769", "[stun][rfc5769-2.1]") {
  const ByteVector bytes = sample_request();
  const auto message = MessageView::parse(bytes);
  REQUIRE(message);
  CHECK(message->is(Class::request, Method::binding));
  CHECK(message->transaction_id() == short_term_id);
  CHECK(message->get<Software>()->text == "STUN test client");
  CHECK(message->get<PriorityAttribute>()->value == 0x6e0001ff);
  CHECK(message->get<IceControlled>()->value == 0x932ff9b151263b36);
  CHECK(message->get<Username>()->text == "evtj:h6vY");
  CHECK(verify_message_integrity(*message, short_term_key(sample_password)));
}

TEST_CASE("stun: the sample IPv4 response of RFC 5769", "[stun][rfc5769-2.2]") {
  check_response(sample_ipv4_response(), "192.0.2.1:32853");
}

TEST_CASE("stun: the sample IPv6 response of RFC 5769", "[stun][rfc5769-2.3]") {
  check_response(sample_ipv6_response(), "[2001:db8:1234:5678:11:2233:4455:6677]:32853");
}

TEST_CASE("stun: the sample long-term request of RFC 5769, read and built", "[stun][rfc5769-2.4]") {
  const ByteVector bytes = sample_long_term_request();
  const auto message = MessageView::parse(bytes);
  REQUIRE(message);
  CHECK(message->get<Username>()->text == long_term_user);
  CHECK(message->get<Nonce>()->text == "f//499k954d6OL34oL9FSTvy64sA");
  CHECK(message->get<Realm>()->text == long_term_realm);
  const Key key = long_term_key(PasswordAlgorithmNumber::md5, long_term_user, long_term_realm,
                                long_term_password);
  CHECK(verify_message_integrity(*message, key));

  ByteVector buffer(bytes.size());
  MessageBuilder builder(buffer, Class::request, Method::binding, long_term_id);
  builder.add(Username{long_term_user})
      .add(Nonce{"f//499k954d6OL34oL9FSTvy64sA"})
      .add(Realm{long_term_realm});
  builder.add_message_integrity(key);
  CHECK(copy_of(builder.finish()) == bytes);
}

TEST_CASE("stun: the sample request with MESSAGE-INTEGRITY-SHA256, read and built",
          "[stun][rfc8489-B.1]") {
  const ByteVector bytes = sample_sha256_request();
  const auto message = MessageView::parse(bytes);
  REQUIRE(message);
  const Sha256Digest hash = userhash(long_term_user, long_term_realm);
  CHECK(message->get<Userhash>()->hash == hash);
  CHECK(message->get<PasswordAlgorithm>()->algorithm.number == 2);
  const Key key = long_term_key(PasswordAlgorithmNumber::sha256, long_term_user, long_term_realm,
                                long_term_password);
  CHECK(verify_message_integrity_sha256(*message, key));
  CHECK_FALSE(verify_message_integrity(*message, key));

  ByteVector buffer(bytes.size());
  MessageBuilder builder(buffer, Class::request, Method::binding, long_term_id);
  builder.add(Userhash{hash})
      .add(Nonce{"obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"})
      .add(Realm{long_term_realm});
  builder.add(PasswordAlgorithm{{2, {}}}).add_message_integrity_sha256(key);
  CHECK(copy_of(builder.finish()) == bytes);
}

TEST_CASE("stun: the printed form of that request is no message, but its digests are ours",
          "[stun][rfc8489-B.1][rfc8489-6.3]") {
  const ByteVector bytes = sample_sha256_request_as_printed();
  CHECK(MessageView::parse(bytes).error() == ParseError::bad_length);
  const Key key = long_term_key(PasswordAlgorithmNumber::sha256, long_term_user, long_term_realm,
                                long_term_password);
  const Sha256Digest digest = hmac_sha256(key.bytes(), Bytes(bytes).first(bytes.size() - 36));
  CHECK(ByteVector(digest.begin(), digest.end()) == copy_of(Bytes(bytes).last(32)));
}

TEST_CASE("stun: the sample responses are what the builder makes, but for the padding",
          "[stun][rfc5769-2.2]") {
  ByteVector buffer(128);
  MessageBuilder builder(buffer, Class::success_response, Method::binding, short_term_id);
  builder.add(Software{"test vector"})
      .add(XorMappedAddress{*TransportAddress::parse("192.0.2.1:32853")});
  const Bytes built = builder.finish();
  ByteVector sample = sample_ipv4_response();
  sample.resize(built.size());
  sample[3] = built[3];  // the length without what follows
  sample[35] = 0;        // the RFC pads with a blank
  CHECK(copy_of(built) == sample);
}
