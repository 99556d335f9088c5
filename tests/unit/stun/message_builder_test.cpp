#include "stile/stun/message_builder.hpp"

#include <catch2/catch.hpp>

#include "stile/stun/attributes.hpp"
#include "tests/unit/stun/vectors.hpp"

using namespace stile;
using namespace stile::stun;
using namespace stile::stun::test;

namespace {

/// Every way there is to add something; the message takes `full_size` bytes.
void fill(MessageBuilder& builder) {
  const Key key = short_term_key("secret");
  builder.add(Username{"evtj:h6vY"})
      .add(XorMappedAddress{*TransportAddress::parse("[2001:db8::1]:9")});
  builder.add(ErrorCode{401, "who"})
      .add(UnknownAttributes{{AttributeType::priority}})
      .add(UseCandidate{});
  builder.add(PasswordAlgorithms{{{2, {}}, {1, {}}}}).add(Icmp{3, 3, 0}).add(EvenPort{true});
  builder.add(RequestedTransport{}).add(ReservationToken{}).add(Userhash{}).add(IceControlling{1});
  builder.add_message_integrity(key).add_message_integrity_sha256(key).add_fingerprint();
}

}  // namespace

TEST_CASE("stun: a builder with too small a buffer writes nothing past it and says so", "[stun]") {
  ByteVector enough(1024);
  MessageBuilder whole(enough, Class::request, Method::allocate, {});
  fill(whole);
  REQUIRE(whole.ok());
  const std::size_t full_size = whole.finish().size();

  for (std::size_t size = 0; size <= full_size; ++size) {
    ByteVector exact(size);
    MessageBuilder builder(exact, Class::request, Method::allocate, {});
    fill(builder);
    INFO("buffer of " << size);
    CHECK(builder.ok() == (size == full_size));
    CHECK(builder.finish().size() == (size == full_size ? full_size : 0));
  }
}

TEST_CASE("stun: what did not fit is not made up for by smaller attributes", "[stun]") {
  ByteVector buffer(40);
  MessageBuilder builder(buffer, Class::request, Method::binding, {});
  builder.add(Software{"much longer than the room"}).add(UseCandidate{});
  CHECK_FALSE(builder.ok());
  CHECK(builder.finish().empty());
}

TEST_CASE("stun: a message has at most 65535 bytes of attributes", "[stun][rfc8489-5]") {
  ByteVector buffer(1 << 17);
  const ByteVector data(65'528);
  MessageBuilder builder(buffer, Class::indication, Method::send, {});
  builder.add(DataAttribute{data});
  REQUIRE(builder.ok());
  CHECK(MessageView::parse(builder.finish())->get<DataAttribute>()->bytes.size() == data.size());
  builder.add(UseCandidate{});
  CHECK_FALSE(builder.ok());

  const ByteVector longer(65'536);
  MessageBuilder refused(buffer, Class::indication, Method::send, {});
  refused.add(DataAttribute{longer});
  CHECK_FALSE(refused.ok());
}

TEST_CASE("stun: padding bytes are zero whatever the buffer held", "[stun][rfc8489-14]") {
  ByteVector buffer(64, 0xff);
  MessageBuilder builder(buffer, Class::request, Method::binding, {});
  builder.add(Software{"a"})
      .add(EvenPort{})
      .add(RequestedTransport{})
      .add(ChannelNumberAttribute{0x4000});
  CHECK(copy_of(builder.finish().subspan(20)) ==
        hex("80 22 00 01 61 00 00 00  00 18 00 01 00 00 00 00 "
            "00 19 00 04 11 00 00 00  00 0c 00 04 40 00 00 00"));
}
