#include "stile/stun/attributes.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/stun/vectors.hpp"

using namespace stile;
using namespace stile::stun;
using namespace stile::stun::test;

namespace {

const TransactionId id{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
const TransportAddress v4 = *TransportAddress::parse("192.0.2.1:3478");
const TransportAddress v6 = *TransportAddress::parse("[2001:db8::1]:65535");

/// A message of one attribute; read() copies it into a heap block of exactly its size first.
template <class Attribute>
class One {
 public:
  explicit One(const Attribute& attribute) {
    MessageBuilder builder(buffer_, Class::request, Method::binding, id);
    bytes_ = copy_of(builder.add(attribute).finish());
  }
  explicit One(const ByteVector& value) {
    MessageBuilder builder(buffer_, Class::request, Method::binding, id);
    bytes_ = copy_of(builder.add(Attribute::type, value).finish());
  }
  std::expected<Attribute, ParseError> read() const {
    const auto message = MessageView::parse(bytes_);
    REQUIRE(message);
    return message->template get<Attribute>();
  }
  ByteVector value() const {
    return copy_of(MessageView::parse(bytes_)->find(Attribute::type)->value);
  }

 private:
  ByteVector buffer_ = ByteVector(4096);
  ByteVector bytes_;
};

/// Wants every length from 0 to `up_to` refused, other than those named; the first byte is `first`.
template <class Attribute>
void check_lengths(std::initializer_list<std::size_t> right, std::size_t up_to = 40,
                   ByteVector start = {}) {
  for (std::size_t length = 0; length <= up_to; ++length) {
    ByteVector value = start;
    value.resize(length);
    INFO("length " << length);
    const auto read = One<Attribute>(value).read();
    const bool is_right = std::ranges::find(right, length) != right.end();
    CHECK(read.has_value() == is_right);
    if (!read) CHECK(read.error() == ParseError::attribute_malformed);
  }
}

template <class Attribute>
void check_text(std::size_t longest) {
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{3}, longest}) {
    const std::string text(length, 'x');
    const One<Attribute> one(Attribute{text});
    const auto read = one.read();
    REQUIRE(read);
    CHECK(read->text == text);
  }
  const auto read = One<Attribute>(ByteVector(longest + 1)).read();
  REQUIRE_FALSE(read);
  CHECK(read.error() == ParseError::attribute_malformed);
}

template <class Attribute>
void check_address() {
  for (const TransportAddress& address : {v4, v6}) {
    const One<Attribute> one(Attribute{address});
    CHECK(one.read()->address == address);
  }
  check_lengths<Attribute>({8}, 40, {0, 1});
  check_lengths<Attribute>({20}, 40, {0, 2});
  check_lengths<Attribute>({}, 40, {0, 3});
  check_lengths<Attribute>({}, 40, {0, 0});
}

template <class Attribute>
void check_flag() {
  CHECK(One<Attribute>(Attribute{}).read());
  check_lengths<Attribute>({0});
}

template <class Attribute>
void check_number(decltype(Attribute::value) number, const ByteVector& wire) {
  const One<Attribute> one(Attribute{number});
  CHECK(one.value() == wire);
  CHECK(one.read()->value == number);
  check_lengths<Attribute>({wire.size()});
}

}  // namespace

TEST_CASE("stun: MAPPED-ADDRESS and its like",
          "[stun][rfc8489-14.1][rfc8489-14.15][rfc5780-7.3][rfc5780-7.4][rfc3489-11.2]") {
  check_address<MappedAddress>();
  check_address<AlternateServer>();
  check_address<ResponseOrigin>();
  check_address<OtherAddress>();
  check_address<SourceAddress>();
  check_address<ChangedAddress>();
  CHECK(One<MappedAddress>(MappedAddress{v4}).value() == hex("00 01 0d 96 c0 00 02 01"));
}

TEST_CASE("stun: XOR-MAPPED-ADDRESS and its like",
          "[stun][rfc8489-14.2][rfc8656-18.3][rfc8656-18.5]") {
  check_address<XorMappedAddress>();
  check_address<XorPeerAddress>();
  check_address<XorRelayedAddress>();
  CHECK(One<XorMappedAddress>(XorMappedAddress{v4}).value() == hex("00 01 2c 84 e1 12 a6 43"));
  CHECK(One<XorMappedAddress>(XorMappedAddress{v6}).value() ==
        hex("00 02 de ed 01 13 a9 fa 01 02 03 04 05 06 07 08 09 0a 0b 0d"));
}

TEST_CASE("stun: an address in its IPv4-mapped form is the IPv4 address", "[stun][rfc8489-14.1]") {
  const auto mapped = hex("00 02 0d 96 00 00 00 00 00 00 00 00 00 00 ff ff c0 00 02 01");
  CHECK(One<MappedAddress>(mapped).read()->address == v4);
}

TEST_CASE("stun: attributes of text",
          "[stun][rfc8489-14.3][rfc8489-14.9][rfc8489-14.10][rfc8489-14.14][rfc8489-14.16]"
          "[rfc7635-6.1]") {
  check_text<Username>(508);
  check_text<Realm>(763);
  check_text<Nonce>(763);
  check_text<Software>(763);
  check_text<AlternateDomain>(255);
  check_text<ThirdPartyAuthorization>(763);
}

TEST_CASE("stun: USERHASH", "[stun][rfc8489-14.4]") {
  const Sha256Digest hash = userhash("user", "realm");
  CHECK(One<Userhash>(Userhash{hash}).read()->hash == hash);
  check_lengths<Userhash>({32});
}

TEST_CASE("stun: PASSWORD-ALGORITHM", "[stun][rfc8489-14.12]") {
  const ByteVector parameters{1, 2, 3, 4, 5};
  const PasswordAlgorithmEntry with{2, parameters};
  const One<PasswordAlgorithm> one(PasswordAlgorithm{with});
  CHECK(one.value() == hex("00 02 00 05 01 02 03 04 05 00 00 00"));
  CHECK(one.read()->algorithm == with);
  CHECK(One<PasswordAlgorithm>(hex("00 01 00 00")).read()->algorithm.number == 1);
  check_lengths<PasswordAlgorithm>({4});
  CHECK_FALSE(One<PasswordAlgorithm>(hex("00 01 00 05 01 02 03 04")).read());
  CHECK_FALSE(One<PasswordAlgorithm>(hex("00 01 ff ff 01 02 03 04")).read());
  CHECK_FALSE(One<PasswordAlgorithm>(hex("00 02 00 00 00 01 00 00")).read());
}

TEST_CASE("stun: PASSWORD-ALGORITHMS", "[stun][rfc8489-14.11]") {
  const ByteVector parameters{1};
  const PasswordAlgorithms list{{{2, {}}, {7, parameters}, {1, {}}}};
  const One<PasswordAlgorithms> one(list);
  CHECK(one.value() == hex("00 02 00 00 00 07 00 01 01 00 00 00 00 01 00 00"));
  CHECK(one.read()->algorithms == list.algorithms);
  CHECK(One<PasswordAlgorithms>(ByteVector{}).read()->algorithms.empty());
  for (const std::size_t length : {1, 2, 3, 5, 6, 7}) {
    ByteVector value = hex("00 02 00 00 00 01 00 00");
    value.resize(length);
    CHECK_FALSE(One<PasswordAlgorithms>(value).read());
  }
  CHECK_FALSE(One<PasswordAlgorithms>(hex("00 02 00 05 01 02 03 04")).read());
  // The last one's parameters need no padding after them.
  CHECK(One<PasswordAlgorithms>(hex("00 02 00 01 09")).read()->algorithms.size() == 1);
}

TEST_CASE("stun: ERROR-CODE", "[stun][rfc8489-14.8]") {
  const One<ErrorCode> one(ErrorCode{438, "Stale"});
  CHECK(one.value() == hex("00 00 04 26 53 74 61 6c 65"));
  CHECK(one.read()->number == 438);
  CHECK(one.read()->reason == "Stale");
  CHECK(One<ErrorCode>(ErrorCode{699, {}}).read()->number == 699);
  for (const char* value : {"00 00 02 63", "00 00 07 00", "00 00 04 64", "00 00 00 00"})
    CHECK_FALSE(One<ErrorCode>(hex(value)).read());
  for (std::size_t length = 0; length < 4; ++length)
    CHECK_FALSE(One<ErrorCode>(ByteVector(length, 4)).read());
  // The reserved bits count for nothing.
  CHECK(One<ErrorCode>(hex("ff ff fc 01")).read()->number == 401);
}

TEST_CASE("stun: a reason phrase of more than 763 bytes is cut when sent and refused when read",
          "[stun][rfc8489-14.8]") {
  const std::string long_reason(1000, 'x');
  CHECK(One<ErrorCode>(ErrorCode{500, long_reason}).read()->reason.size() == 763);
  ByteVector value = hex("00 00 05 00");
  value.resize(4 + 764, 'x');
  CHECK_FALSE(One<ErrorCode>(value).read());
}

TEST_CASE("stun: ADDRESS-ERROR-CODE", "[stun][rfc8656-18.12]") {
  const One<AddressErrorCode> one(AddressErrorCode{Family::ipv6, 508, "none"});
  CHECK(one.value() == hex("02 00 05 08 6e 6f 6e 65"));
  CHECK(one.read()->family == Family::ipv6);
  CHECK(one.read()->number == 508);
  CHECK(one.read()->reason == "none");
  CHECK(One<AddressErrorCode>(AddressErrorCode{Family::ipv4, 440, {}}).read()->family ==
        Family::ipv4);
  CHECK_FALSE(One<AddressErrorCode>(hex("03 00 05 08")).read());
  CHECK_FALSE(One<AddressErrorCode>(hex("01 00 05")).read());
  CHECK_FALSE(One<AddressErrorCode>(hex("01 00 09 08")).read());
}

TEST_CASE("stun: UNKNOWN-ATTRIBUTES", "[stun][rfc8489-14.13]") {
  const UnknownAttributes unknown{
      {AttributeType::priority, static_cast<AttributeType>(0x7fff), AttributeType::data}};
  const One<UnknownAttributes> one(unknown);
  CHECK(one.value() == hex("00 24 7f ff 00 13"));
  CHECK(one.read()->types == unknown.types);
  CHECK(One<UnknownAttributes>(UnknownAttributes{}).read()->types.empty());
  CHECK_FALSE(One<UnknownAttributes>(ByteVector(3)).read());
}

TEST_CASE("stun: attributes of TURN that are a number or a flag",
          "[stun][rfc8656-18.2][rfc8656-18.9][rfc6062-6.2.1]") {
  check_number<LifetimeAttribute>(600, hex("00 00 02 58"));
  check_number<ConnectionId>(0xdeadbeef, hex("de ad be ef"));
  check_flag<DontFragment>();
}

TEST_CASE("stun: CHANNEL-NUMBER", "[stun][rfc8656-18.1]") {
  const One<ChannelNumberAttribute> one(ChannelNumberAttribute{0x4001});
  CHECK(one.value() == hex("40 01 00 00"));
  CHECK(one.read()->number == 0x4001);
  check_lengths<ChannelNumberAttribute>({4});
}

TEST_CASE("stun: DATA and its like hold bytes of any length",
          "[stun][rfc8656-18.4][rfc5780-7.6][rfc7635-6.2][rfc8016-3.3]") {
  for (std::size_t length = 0; length < 9; ++length) {
    const ByteVector bytes(length, 7);
    CHECK(copy_of(One<DataAttribute>(DataAttribute{bytes}).read()->bytes) == bytes);
    CHECK(copy_of(One<Padding>(Padding{bytes}).read()->bytes) == bytes);
    CHECK(copy_of(One<AccessToken>(AccessToken{bytes}).read()->bytes) == bytes);
    CHECK(copy_of(One<MobilityTicket>(MobilityTicket{bytes}).read()->bytes) == bytes);
  }
}

TEST_CASE("stun: REQUESTED-TRANSPORT", "[stun][rfc8656-18.8]") {
  CHECK(One<RequestedTransport>(RequestedTransport{}).value() == hex("11 00 00 00"));
  CHECK(One<RequestedTransport>(RequestedTransport{6}).read()->protocol == 6);
  check_lengths<RequestedTransport>({4});
}

TEST_CASE("stun: REQUESTED- and ADDITIONAL-ADDRESS-FAMILY", "[stun][rfc8656-18.6][rfc8656-18.11]") {
  CHECK(One<RequestedAddressFamily>(RequestedAddressFamily{wire_family(Family::ipv6)}).value() ==
        hex("02 00 00 00"));
  CHECK(One<AdditionalAddressFamily>(AdditionalAddressFamily{2}).read()->family == 2);
  CHECK(One<RequestedAddressFamily>(RequestedAddressFamily{9}).read()->family == 9);
  CHECK(wire_family(Family::ipv4) == 1);
  check_lengths<RequestedAddressFamily>({4});
  check_lengths<AdditionalAddressFamily>({4});
}

TEST_CASE("stun: EVEN-PORT", "[stun][rfc8656-18.7]") {
  CHECK(One<EvenPort>(EvenPort{true}).value() == hex("80"));
  CHECK(One<EvenPort>(EvenPort{true}).read()->reserve_next);
  CHECK_FALSE(One<EvenPort>(hex("7f")).read()->reserve_next);
  check_lengths<EvenPort>({1});
}

TEST_CASE("stun: RESERVATION-TOKEN", "[stun][rfc8656-18.10]") {
  const ReservationToken token{{1, 2, 3, 4, 5, 6, 7, 8}};
  CHECK(One<ReservationToken>(token).read()->token == token.token);
  check_lengths<ReservationToken>({8});
}

TEST_CASE("stun: ICMP", "[stun][rfc8656-18.13]") {
  const One<Icmp> one(Icmp{3, 4, 1400});
  CHECK(one.value() == hex("00 00 03 04 00 00 05 78"));
  CHECK(one.read()->icmp_type == 3);
  CHECK(one.read()->icmp_code == 4);
  CHECK(one.read()->error_data == 1400);
  check_lengths<Icmp>({8});
}

TEST_CASE("stun: attributes of ICE", "[stun][rfc8445-16.1]") {
  check_number<PriorityAttribute>(0x6e0001ff, hex("6e 00 01 ff"));
  check_number<IceControlled>(0x932ff9b151263b36, hex("93 2f f9 b1 51 26 3b 36"));
  check_number<IceControlling>(1, hex("00 00 00 00 00 00 00 01"));
  check_flag<UseCandidate>();
}

TEST_CASE("stun: CHANGE-REQUEST", "[stun][rfc5780-7.2]") {
  CHECK(One<ChangeRequest>(ChangeRequest{true, true}).value() == hex("00 00 00 06"));
  CHECK(One<ChangeRequest>(ChangeRequest{true, false}).read()->change_ip);
  CHECK_FALSE(One<ChangeRequest>(ChangeRequest{true, false}).read()->change_port);
  CHECK(One<ChangeRequest>(ChangeRequest{false, true}).read()->change_port);
  check_lengths<ChangeRequest>({4});
}

TEST_CASE("stun: RESPONSE-PORT comes with or without its padding counted", "[stun][rfc5780-7.5]") {
  CHECK(One<ResponsePort>(ResponsePort{3479}).value() == hex("0d 97"));
  CHECK(One<ResponsePort>(hex("0d 97 00 00")).read()->port == 3479);
  check_lengths<ResponsePort>({2, 4});
}

TEST_CASE("stun: comprehension is required below 0x8000", "[stun][rfc8489-14]") {
  CHECK(comprehension_required(AttributeType::username));
  CHECK(comprehension_required(static_cast<AttributeType>(0x7fff)));
  CHECK_FALSE(comprehension_required(static_cast<AttributeType>(0x8000)));
  CHECK_FALSE(comprehension_required(AttributeType::fingerprint));
  CHECK(comprehension_required(AttributeType::access_token));
  CHECK_FALSE(comprehension_required(AttributeType::mobility_ticket));
}
