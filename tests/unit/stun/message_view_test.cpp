#include "stile/stun/message_view.hpp"

#include <catch2/catch.hpp>

#include "stile/stun/attributes.hpp"
#include "tests/unit/stun/vectors.hpp"

using namespace stile;
using namespace stile::stun;
using namespace stile::stun::test;

namespace {

/// Reads all that can be read of bytes which have a heap block of exactly their size, so that the
/// address sanitizer sees each read beyond them. Answers why they are no message.
std::optional<ParseError> read_all(Bytes datagram) {
  const ByteVector exact = copy_of(datagram);
  const auto message = MessageView::parse(exact);
  if (!message) return message.error();
  std::size_t sum = 0;
  message->for_each([&](const AttributeView& attribute) {
    for (const std::uint8_t byte : attribute.value) sum += byte;
  });
  const Key key = short_term_key(sample_password);
  sum += verify_message_integrity(*message, key) + verify_message_integrity_sha256(*message, key);
  CHECK(sum < exact.size() * 256);
  return std::nullopt;
}

/// Where the attribute headers of a good message stand.
std::vector<std::size_t> attribute_offsets(const ByteVector& bytes) {
  std::vector<std::size_t> offsets;
  MessageView::parse(bytes)->for_each(
      [&](const AttributeView& attribute) { offsets.push_back(attribute.offset); });
  return offsets;
}

/// A message of these attributes, as they are.
struct Raw {
  ByteVector bytes = ByteVector(512);
  MessageBuilder builder{bytes, Class::request, Method::binding, {}};
};

std::vector<AttributeType> seen(Bytes message) {
  std::vector<AttributeType> types;
  MessageView::parse(message)->for_each(
      [&](const AttributeView& attribute) { types.push_back(attribute.type); });
  return types;
}

}  // namespace

TEST_CASE("stun: a message cut at any length is none", "[stun][rfc8489-6.3]") {
  for (const ByteVector& message : sample_messages()) {
    CHECK_FALSE(read_all(message));
    for (std::size_t size = 0; size < message.size(); ++size) {
      INFO("size " << size);
      CHECK(read_all(Bytes(message).first(size)) ==
            (size < 20 ? ParseError::too_short : ParseError::bad_length));
    }
  }
}

TEST_CASE("stun: a message cut at any length with its length put right", "[stun][rfc8489-6.3]") {
  for (const ByteVector& message : sample_messages())
    for (std::size_t size = header_size; size < message.size(); ++size) {
      ByteVector cut = copy_of(Bytes(message).first(size));
      store_u16(cut.data() + 2, static_cast<std::uint16_t>(size - header_size));
      const auto problem = read_all(cut);
      if (size % 4 != 0) CHECK(problem == ParseError::bad_length);
    }
}

TEST_CASE("stun: the header's length is that of the datagram", "[stun][rfc8489-6.3]") {
  for (const ByteVector& message : sample_messages())
    for (const int change : {-4, -1, 1, 4}) {
      ByteVector bent = message;
      store_u16(bent.data() + 2, static_cast<std::uint16_t>(load_u16(bent.data() + 2) + change));
      CHECK(read_all(bent) == ParseError::bad_length);
    }
  ByteVector longer = sample_request();
  longer.push_back(0);
  CHECK(read_all(longer) == ParseError::bad_length);
}

TEST_CASE("stun: attribute lengths off by some never read beyond the message",
          "[stun][rfc8489-14]") {
  for (const ByteVector& message : sample_messages())
    for (const std::size_t offset : attribute_offsets(message))
      for (const int change : {-4, -1, 1, 4, 0x100, 0xfff0}) {
        ByteVector bent = message;
        store_u16(bent.data() + offset + 2,
                  static_cast<std::uint16_t>(load_u16(bent.data() + offset + 2) + change));
        read_all(bent);
      }
}

TEST_CASE("stun: an attribute that passes the end makes the whole no message",
          "[stun][rfc8489-14]") {
  CHECK(read_all(hex("00 01 00 04 21 12 a4 42 00 00 00 00 00 00 00 00 00 00 00 00 80 22 00 01")) ==
        ParseError::attribute_overrun);
  CHECK(
      read_all(hex(
          "00 01 00 08 21 12 a4 42 00 00 00 00 00 00 00 00 00 00 00 00 80 22 00 05 61 61 61 61")) ==
      ParseError::attribute_overrun);
  CHECK(
      read_all(hex(
          "00 01 00 08 21 12 a4 42 00 00 00 00 00 00 00 00 00 00 00 00 80 22 ff ff 61 61 61 61")) ==
      ParseError::attribute_overrun);
  CHECK_FALSE(read_all(
      hex("00 01 00 08 21 12 a4 42 00 00 00 00 00 00 00 00 00 00 00 00 80 22 00 01 61 61 61 61")));
}

TEST_CASE("stun: the first two bits and the magic cookie tell STUN from the rest",
          "[stun][rfc8489-6.3]") {
  for (const std::size_t at : {0, 4, 5, 6, 7}) {
    ByteVector bent = sample_request();
    bent[at] ^= 0x80;
    CHECK(read_all(bent) == ParseError::not_stun);
    CHECK_FALSE(looks_like_stun(bent));
  }
  CHECK(looks_like_stun(sample_request()));
}

TEST_CASE("stun: RFC 3489 messages have no cookie and are read where they are asked for",
          "[stun][rfc8489-11]") {
  const ByteVector classic =
      hex("00 01 00 08 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 00 03 00 04 00 00 00 06");
  CHECK(MessageView::parse(classic).error() == ParseError::not_stun);
  const auto message = MessageView::parse_classic(classic);
  REQUIRE(message);
  CHECK(message->get<ChangeRequest>()->change_ip);
  CHECK(message->get<ChangeRequest>()->change_port);
  CHECK(MessageView::parse_classic(Bytes(classic).first(19)).error() == ParseError::too_short);
}

TEST_CASE("stun: each bit of the message is under the fingerprint", "[stun][rfc8489-14.7]") {
  const ByteVector message = sample_request();
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    ByteVector bent = message;
    bent[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto parsed = MessageView::parse(bent);
    if (parsed) CHECK_FALSE(parsed->has(AttributeType::fingerprint));
  }
}

TEST_CASE("stun: each bit before MESSAGE-INTEGRITY is under it", "[stun][rfc8489-14.5]") {
  const ByteVector message = sample_long_term_request();
  const Key key = long_term_key(PasswordAlgorithmNumber::md5, long_term_user, long_term_realm,
                                long_term_password);
  for (std::size_t bit = 0; bit < message.size() * 8; ++bit) {
    ByteVector bent = message;
    bent[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const auto parsed = MessageView::parse(bent);
    if (parsed) CHECK_FALSE(verify_message_integrity(*parsed, key));
  }
}

TEST_CASE("stun: FINGERPRINT is the last and has four bytes", "[stun][rfc8489-14.7]") {
  Raw last;
  CHECK_FALSE(read_all(last.builder.add(Software{"s"}).add_fingerprint().finish()));
  Raw followed;
  CHECK(read_all(followed.builder.add_fingerprint().add(Software{"s"}).finish()) ==
        ParseError::bad_fingerprint);
  Raw twice;
  CHECK(read_all(twice.builder.add_fingerprint().add_fingerprint().finish()) ==
        ParseError::bad_fingerprint);
  Raw empty;
  CHECK(read_all(empty.builder.add(AttributeType::fingerprint, {}).finish()) ==
        ParseError::bad_fingerprint);
  Raw odd;
  const ByteVector three(3);
  CHECK(read_all(odd.builder.add(AttributeType::fingerprint, three).finish()) ==
        ParseError::bad_fingerprint);
}

TEST_CASE("stun: attributes after MESSAGE-INTEGRITY are not seen", "[stun][rfc8489-14.5]") {
  Raw raw;
  const Key key = short_term_key("secret");
  raw.builder.add(Software{"inside"}).add_message_integrity(key).add(Username{"outside"});
  raw.builder.add_message_integrity(key)
      .add_message_integrity_sha256(key)
      .add(Realm{"outside"})
      .add_fingerprint();
  const Bytes bytes = raw.builder.finish();
  CHECK(seen(bytes) == std::vector{AttributeType::software, AttributeType::message_integrity,
                                   AttributeType::message_integrity_sha256,
                                   AttributeType::fingerprint});
  const auto message = MessageView::parse(bytes);
  CHECK_FALSE(message->has(AttributeType::username));
  CHECK(message->get<Realm>().error() == ParseError::attribute_absent);
  CHECK(verify_message_integrity(*message, key));
  CHECK(verify_message_integrity_sha256(*message, key));
}

TEST_CASE("stun: after MESSAGE-INTEGRITY-SHA256 only FINGERPRINT is seen", "[stun][rfc8489-14.6]") {
  Raw raw;
  const Key key = short_term_key("secret");
  raw.builder.add_message_integrity_sha256(key)
      .add_message_integrity(key)
      .add(Username{"outside"})
      .add_fingerprint();
  CHECK(seen(raw.builder.finish()) ==
        std::vector{AttributeType::message_integrity_sha256, AttributeType::fingerprint});
}

TEST_CASE("stun: of attributes of one type the first counts", "[stun][rfc8489-14]") {
  Raw raw;
  raw.builder.add(Username{"first"}).add(Username{"second"});
  CHECK(MessageView::parse(raw.builder.finish())->get<Username>()->text == "first");
  CHECK(seen(raw.builder.finish()).size() == 2);
}

TEST_CASE("stun: padding is of any value", "[stun][rfc8489-14]") {
  ByteVector bytes =
      hex("00 01 00 08 21 12 a4 42 00 00 00 00 00 00 00 00 00 00 00 00 80 22 00 01 61 ff ee dd");
  CHECK(MessageView::parse(bytes)->get<Software>()->text == "a");
}

TEST_CASE("stun: class and method share the message type", "[stun][rfc8489-5]") {
  CHECK(encode_message_type(Class::request, Method::binding) == 0x0001);
  CHECK(encode_message_type(Class::success_response, Method::binding) == 0x0101);
  CHECK(encode_message_type(Class::error_response, Method::allocate) == 0x0113);
  CHECK(encode_message_type(Class::indication, Method::send) == 0x0016);
  for (std::uint16_t method = 0; method < 0x1000; ++method)
    for (std::uint8_t c = 0; c < 4; ++c) {
      const auto type = encode_message_type(static_cast<Class>(c), static_cast<Method>(method));
      REQUIRE(type < 0x4000);
      REQUIRE(class_of(type) == static_cast<Class>(c));
      REQUIRE(method_of(type) == static_cast<Method>(method));
    }
}
