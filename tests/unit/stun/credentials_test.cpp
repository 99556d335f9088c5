#include "stile/stun/credentials.hpp"

#include <catch2/catch.hpp>

#include "stile/stun/attributes.hpp"
#include "stile/stun/fingerprint.hpp"
#include "tests/unit/stun/vectors.hpp"

using namespace stile;
using namespace stile::stun;
using namespace stile::stun::test;

namespace {

template <class Digest>
ByteVector bytes_of(const Digest& digest) {
  return {digest.begin(), digest.end()};
}

/// A request whose MESSAGE-INTEGRITY-SHA256 was cut to `size` bytes by its sender.
ByteVector truncated_request(std::size_t size, const Key& key) {
  ByteVector buffer(256);
  MessageBuilder builder(buffer, Class::request, Method::binding, {});
  const std::size_t before = builder.add(Username{"user"}).finish().size();
  const MutableBytes value = builder.append(AttributeType::message_integrity_sha256, size);
  const Sha256Digest digest = hmac_sha256(key.bytes(), Bytes(buffer).first(before));
  std::copy_n(digest.begin(), std::min(size, digest.size()), value.begin());
  return copy_of(builder.finish());
}

}  // namespace

TEST_CASE("stun: HMAC with keys short and long", "[stun][rfc8489-14.5][rfc8489-14.6]") {
  // RFC 2202 §3, cases 2 and 6, and RFC 4231 §4.3 and §4.7: the same keys and data.
  const ByteVector jefe = copy_of(as_bytes("Jefe")),
                   question = copy_of(as_bytes("what do ya want for nothing?"));
  CHECK(bytes_of(hmac_sha1(jefe, question)) ==
        hex("ef fc df 6a e5 eb 2f a2 d2 74 16 d5 f1 84 df 9c 25 9a 7c 79"));
  CHECK(bytes_of(hmac_sha256(jefe, question)) ==
        hex("5b dc c1 46 bf 60 75 4e 6a 04 24 26 08 95 75 c7 5a 00 3f 08 "
            "9d 27 39 83 9d ec 58 b9 64 ec 38 43"));
  const Bytes data = as_bytes("Test Using Larger Than Block-Size Key - Hash Key First");
  CHECK(bytes_of(hmac_sha1(ByteVector(80, 0xaa), data)) ==
        hex("aa 4a e5 e1 52 72 d0 0e 95 70 56 37 ce 8a 3b 55 ed 40 21 12"));
  CHECK(bytes_of(hmac_sha256(ByteVector(131, 0xaa), data)) ==
        hex("60 e4 31 59 1e e0 b6 7f 0d 8a 26 aa cb f5 b7 7f 8e 0b c6 21 37 28 c5 14 05 46 04 0f "
            "0e e3 7f 54"));
}

TEST_CASE("stun: the long-term key", "[stun][rfc8489-9.2.2]") {
  // The example of RFC 8489 §9.2.2.
  const Key key = long_term_key(PasswordAlgorithmNumber::md5, "user", "realm", "pass");
  CHECK(copy_of(key.bytes()) == hex("84 93 fb c5 3b a5 82 fb 4c 04 4c 45 6b dc 40 eb"));
  CHECK(long_term_key(PasswordAlgorithmNumber::sha256, "user", "realm", "pass").bytes().size() ==
        32);
}

TEST_CASE("stun: without a key or without the attribute nothing is authentic",
          "[stun][rfc8489-9.2.4]") {
  const ByteVector bytes = sample_request();
  const auto message = MessageView::parse(bytes);
  CHECK_FALSE(verify_message_integrity(*message, Key{}));
  CHECK_FALSE(verify_message_integrity_sha256(*message, short_term_key(sample_password)));
}

TEST_CASE("stun: MESSAGE-INTEGRITY has twenty bytes", "[stun][rfc8489-14.5]") {
  const Key key = short_term_key("secret");
  for (const std::size_t size : {0, 4, 16, 19, 21, 24}) {
    ByteVector buffer(256);
    MessageBuilder builder(buffer, Class::request, Method::binding, {});
    builder.add(AttributeType::message_integrity, ByteVector(size));
    CHECK_FALSE(verify_message_integrity(*MessageView::parse(builder.finish()), key));
  }
}

TEST_CASE("stun: MESSAGE-INTEGRITY-SHA256 may be cut to 16 bytes, in steps of four",
          "[stun][rfc8489-14.6]") {
  const Key key = short_term_key("secret");
  for (std::size_t size = 0; size <= 40; ++size) {
    const ByteVector bytes = truncated_request(size, key);
    INFO("size " << size);
    const bool allowed = size >= 16 && size <= 32 && size % 4 == 0;
    CHECK(verify_message_integrity_sha256(*MessageView::parse(bytes), key) == allowed);
    CHECK_FALSE(
        verify_message_integrity_sha256(*MessageView::parse(bytes), short_term_key("other")));
  }
}

TEST_CASE("stun: USERHASH hides the user name", "[stun][rfc8489-14.4]") {
  CHECK(bytes_of(userhash(long_term_user, long_term_realm)) ==
        hex("4a 3c f3 8f ef 69 92 bd a9 52 c6 78 04 17 da 0f 24 81 94 15 56 9e 60 b2 05 c4 6e 41 "
            "40 7f 17 04"));
  CHECK(userhash("a", "realm") != userhash("b", "realm"));
}

TEST_CASE("stun: the fingerprint of any number of bytes", "[stun][rfc8489-14.7]") {
  // The check value of CRC-32 is that of "123456789".
  CHECK(fingerprint(as_bytes("123456789")) == (0xcbf43926u ^ 0x5354554eu));
  CHECK(fingerprint({}) == 0x5354554eu);
}
