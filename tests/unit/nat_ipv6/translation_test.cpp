#include "nat/ipv6/translation.hpp"

#include "nat/ipv6/prefix64.hpp"
#include "tests/unit/nat_ipv6/packets.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const Prefix64 hosts = *Prefix64::parse("2001:db8:1::/96");
const Prefix64 remotes = *Prefix64::parse("2001:db8:64::/96");
const TransportAddress host4 = at("192.0.2.1:4000");
const TransportAddress remote4 = at("198.51.100.1:7000");
const TransportAddress host6 = at("[2001:db8:1::192.0.2.1]:4000");
const TransportAddress remote6 = at("[2001:db8:64::198.51.100.1]:7000");

/// Two prefixes: hosts and whom they talk with.
class Prefixes : public AddressMapper {
 public:
  std::optional<std::uint32_t> to_ipv4(const IpAddress& address, End end) override {
    return (end == End::host ? hosts : remotes).extract(address);
  }
  std::optional<IpAddress> to_ipv6(std::uint32_t address, End end) override {
    return (end == End::host ? hosts : remotes).embed(address);
  }
};

std::expected<std::vector<ByteVector>, Untranslatable> all_to6(Bytes packet,
                                                               TranslationConfig config = {}) {
  Prefixes prefixes;
  const auto view = Ipv4View::parse(packet);
  REQUIRE(view);
  auto pieces = translate_to_ipv6(*view, prefixes, End::host, config);
  if (pieces)
    for (const ByteVector& piece : *pieces) CHECK(is_right(piece));
  return pieces;
}

ByteVector to6(Bytes packet) {
  auto pieces = all_to6(packet);
  REQUIRE(pieces);
  REQUIRE(pieces->size() == 1);
  return pieces->front();
}

std::expected<ByteVector, Untranslatable> try_to4(Bytes packet, End source = End::remote) {
  Prefixes prefixes;
  const auto view = Ipv6View::parse(packet);
  REQUIRE(view);
  auto made = translate_to_ipv4(*view, prefixes, source, {}, 77);
  if (made) CHECK(is_right(*made));
  return made;
}

ByteVector to4(Bytes packet) {
  auto made = try_to4(packet);
  REQUIRE(made);
  return *made;
}

Ipv4View view4(Bytes packet) {
  return *Ipv4View::parse(packet);
}
Ipv6View view6(Bytes packet) {
  return *Ipv6View::parse(packet);
}

/// A packet with an extension header in front of its transport.
ByteVector with_extension(const ByteVector& packet, std::uint8_t header,
                          std::initializer_list<std::uint8_t> after_next) {
  const auto view = view6(packet);
  ByteVector payload{view.next_header()};
  payload.insert(payload.end(), after_next.begin(), after_next.end());
  payload.resize((payload.size() + 7) / 8 * 8);
  payload.insert(payload.end(), view.payload().begin(), view.payload().end());
  return make_ipv6({view.source(), view.destination(), header, 64, 0, std::nullopt}, payload);
}

}  // namespace

TEST_CASE("to IPv6: header fields", "[nat][rfc7915-4.1]") {
  const ByteVector made = to6(make_udp(
      host4, remote4, as_bytes("hello"),
      {.ttl = 33, .tos = 0xb8, .identification = 9, .dont_fragment = true, .options = {}}));
  CHECK(source_of(made) == host6);
  CHECK(destination_of(made) == remote6);
  CHECK(view6(made).hop_limit() == 33);
  CHECK(view6(made).traffic_class() == 0xb8);
  CHECK(view6(made).flow_label() == 0);
  CHECK(view6(made).next_header() == ip_protocol::udp);
  CHECK(view6(made).payload_length() == 13);
}

TEST_CASE("to IPv6: options are left out", "[nat][rfc7915-4.1]") {
  const ByteVector options{7, 3, 4, 0};
  const ByteVector made = to6(make_udp(host4, remote4, as_bytes("hello"), {.options = options}));
  CHECK(view6(made).payload_length() == 13);
  CHECK(as_text(transport_of(made).subspan(8)) == "hello");
}

TEST_CASE("to IPv4: header fields", "[nat][rfc7915-5.1]") {
  const ByteVector made = to4(
      make_ipv6({remote6.ip, host6.ip, 132, 44, 0xb8, std::nullopt}, as_bytes("no checksum here")));
  CHECK(view4(made).ttl() == 44);
  CHECK(view4(made).tos() == 0xb8);
  CHECK(view4(made).protocol() == 132);
  CHECK(view4(made).header_length() == 20);
  CHECK(view4(made).identification() == 77);
  CHECK(IpAddress::v4(view4(made).source()) == remote4.ip);
  CHECK(IpAddress::v4(view4(made).destination()) == host4.ip);
}

TEST_CASE("to IPv4: up to 1260 bytes may be fragmented", "[nat][rfc7915-5.1]") {
  for (const std::size_t total : {1259u, 1260u, 1261u}) {
    CAPTURE(total);
    const ByteVector made = to4(make_udp6(remote6, host6, payload_of(total - 28)));
    CHECK(view4(made).total_length() == total);
    CHECK(view4(made).dont_fragment() == (total > 1260));
  }
}

TEST_CASE("translation: UDP and TCP there and back are the same",
          "[nat][rfc7915-4.5][rfc7915-5.5]") {
  for (const std::size_t size : {0u, 1u, 2u, 1200u}) {
    CAPTURE(size);
    const ByteVector udp = make_udp(host4, remote4, payload_of(size));
    const ByteVector udp6 = to6(udp);
    auto back = try_to4(udp6, End::host);
    REQUIRE(back);
    CHECK(std::ranges::equal(transport_of(*back), transport_of(udp)));
    const ByteVector tcp = make_tcp(host4, remote4, tcp_flag::ack, payload_of(size),
                                    {.sequence = 1, .acknowledgment = 2});
    back = try_to4(to6(tcp), End::host);
    REQUIRE(back);
    CHECK(std::ranges::equal(transport_of(*back), transport_of(tcp)));
  }
}

TEST_CASE("to IPv6: a UDP checksum that is absent is computed", "[nat][rfc7915-4.5]") {
  ByteVector packet = make_udp(host4, remote4, payload_of(31));
  store_u16(packet.data() + 26, 0);
  const ByteVector made = to6(packet);
  CHECK(load_u16(transport_of(made).data() + 6) != 0);

  Ipv4Packet::parse(MutableBytes(packet))->set_fragment(0, true);
  CHECK(all_to6(packet).error() == Untranslatable::zero_checksum);
}

TEST_CASE("to IPv6: what may be fragmented comes in pieces of 1280 bytes",
          "[nat][rfc7915-4.1][rfc8200-4.5]") {
  const ByteVector whole = make_udp(host4, remote4, payload_of(1400), {.identification = 0xabcd});
  const auto pieces = all_to6(whole);
  REQUIRE(pieces);
  REQUIRE(pieces->size() == 2);
  ByteVector joined;
  for (const ByteVector& piece : *pieces) {
    CHECK(piece.size() <= 1280);
    const auto payload = find_payload(view6(piece));
    REQUIRE(payload->fragment);
    CHECK(payload->fragment->offset == joined.size());
    CHECK(payload->fragment->identification == 0xabcd);
    CHECK(payload->fragment->more == (&piece == &pieces->front()));
    const Bytes part = transport_of(piece);
    joined.insert(joined.end(), part.begin(), part.end());
  }
  CHECK(transport_checksum(host6.ip, remote6.ip, ip_protocol::udp, joined) == 0);

  TranslationConfig wide;
  wide.lowest_ipv6_mtu = 1500;
  CHECK(all_to6(whole, wide)->size() == 1);
  CHECK(all_to6(make_udp(host4, remote4, payload_of(1400), {.dont_fragment = true}))->size() == 1);
  CHECK(all_to6(make_udp(host4, remote4, payload_of(1232)))->size() == 1);
  CHECK(all_to6(make_udp(host4, remote4, payload_of(1233)))->size() == 2);
}

TEST_CASE("to IPv6: a fragment stays one", "[nat][rfc7915-4.1]") {
  ByteVector piece =
      make_ipv4(host4.ip, remote4.ip, ip_protocol::udp, payload_of(64), {.identification = 0x4242});
  Ipv4Packet::parse(MutableBytes(piece))->set_fragment(800, true);
  const ByteVector made = to6(piece);
  const auto payload = find_payload(view6(made));
  REQUIRE(payload->fragment);
  CHECK(payload->fragment->offset == 800);
  CHECK(payload->fragment->more);
  CHECK(payload->fragment->identification == 0x4242);
  CHECK(std::ranges::equal(transport_of(made), payload_of(64)));
}

TEST_CASE("to IPv4: a fragment stays one, and may be cut again", "[nat][rfc7915-5.1.1]") {
  const ByteVector whole = make_udp6(remote6, host6, payload_of(100));
  const ByteVector made = to4(fragment6(whole, 0, 56));
  CHECK(view4(made).more_fragments());
  CHECK_FALSE(view4(made).dont_fragment());
  CHECK(view4(made).identification() == 0x2345);
  CHECK(view4(made).fragment_offset() == 0);
  CHECK(view4(to4(fragment6(whole, 56, 100))).fragment_offset() == 56);

  // The checksum of the whole is right when both are put together.
  ByteVector joined = copy_of(transport_of(made));
  const ByteVector rest = to4(fragment6(whole, 56, 100));
  joined.insert(joined.end(), transport_of(rest).begin(), transport_of(rest).end());
  CHECK(transport_checksum(remote4.ip.v4_bits(), host4.ip.v4_bits(), ip_protocol::udp, joined) ==
        0);
}

TEST_CASE("to IPv4: extension headers are stepped over", "[nat][rfc7915-5.1]") {
  const ByteVector plain = make_udp6(remote6, host6, as_bytes("hello"));
  for (const std::uint8_t header : {ipv6_header::hop_by_hop, ipv6_header::destination_options}) {
    const ByteVector made = to4(with_extension(plain, header, {0, 1, 4, 0, 0, 0, 0}));
    CHECK(view4(made).protocol() == ip_protocol::udp);
    CHECK(view4(made).total_length() == 33);
  }
  CHECK(to4(with_extension(plain, ipv6_header::routing, {0, 0, 0})).size() == 33);
}

TEST_CASE("to IPv4: a Routing header that is not done is refused", "[nat][rfc7915-5.1]") {
  const ByteVector plain = make_udp6(remote6, host6, as_bytes("hello"));
  const ByteVector packet = with_extension(plain, ipv6_header::routing, {0, 0, 1});
  CHECK(try_to4(packet).error() == Untranslatable::routing_header);
  CHECK(find_payload(view6(packet))->segments_left_at == 43);
}

TEST_CASE("to IPv4: an extension header within a fragment is refused", "[nat][rfc7915-5.1.1]") {
  const ByteVector inner =
      with_extension(make_udp6(remote6, host6, as_bytes("hello")), 60, {0, 1, 4, 0, 0, 0, 0});
  CHECK(try_to4(fragment6(inner, 0, 16)).error() == Untranslatable::header_in_fragment);
}

TEST_CASE("translation: echo", "[nat][rfc7915-4.2][rfc7915-5.2]") {
  const ByteVector ping =
      to6(make_icmp_echo(host4.ip, remote4.ip, icmp_type::echo, 7, 1, as_bytes("ping")));
  CHECK(icmp_of(ping) == "128/0");
  CHECK(source_of(ping) == TransportAddress{host6.ip, 7});
  const ByteVector pong = to4(make_echo6(remote6.ip, host6.ip, 129, 7, as_bytes("ping")));
  CHECK(icmp_of(pong) == "0/0");
  CHECK(as_text(transport_of(pong).subspan(8)) == "ping");
}

TEST_CASE("translation: fragments of ICMP are refused", "[nat][rfc7915-1.2]") {
  ByteVector ping = make_icmp_echo(host4.ip, remote4.ip, icmp_type::echo, 7, 1, payload_of(64));
  Ipv4Packet::parse(MutableBytes(ping))->set_fragment(0, true);
  CHECK(all_to6(ping).error() == Untranslatable::icmp_fragment);
  const ByteVector pong = make_echo6(remote6.ip, host6.ip, 129, 7, payload_of(64));
  CHECK(try_to4(fragment6(pong, 0, 32)).error() == Untranslatable::icmp_fragment);
}

TEST_CASE("translation: ICMP that the other family has not is refused",
          "[nat][rfc7915-4.2][rfc7915-5.2]") {
  CHECK(all_to6(make_icmp_echo(host4.ip, remote4.ip, icmp_type::timestamp, 7, 1)).error() ==
        Untranslatable::icmp_type);
  CHECK(try_to4(make_echo6(remote6.ip, host6.ip, 135, 7)).error() == Untranslatable::icmp_type);
}

TEST_CASE("to IPv4: an ICMP error, with the packet in error", "[nat][rfc7915-5.3]") {
  // The host has sent a packet, the remote says that nobody listens.
  const ByteVector sent = make_udp6(host6, remote6, payload_of(40));
  const ByteVector error =
      make_icmpv6_error(remote6.ip, host6.ip, {icmpv6_type::destination_unreachable, 4, 0}, sent);
  const ByteVector made = to4(error);
  CHECK(icmp_of(made) == "3/3");
  const Bytes quote = transport_of(made).subspan(8);
  CHECK(source_of(quote) == host4);
  CHECK(destination_of(quote) == remote4);
  CHECK(is_right(quote));
}

TEST_CASE("to IPv6: an ICMP error, with the packet in error", "[nat][rfc7915-4.3]") {
  const ByteVector received = make_udp(remote4, host4, payload_of(40));
  const ByteVector made = to6(make_icmp_error(host4.ip, remote4.ip, 3, 3, 0, received));
  CHECK(icmp_of(made) == "1/4");
  const Bytes quote = transport_of(made).subspan(8);
  CHECK(source_of(quote) == remote6);
  CHECK(destination_of(quote) == host6);
  CHECK(is_right(quote));
}

TEST_CASE("translation: the least that is quoted suffices, and its length is that of the whole",
          "[nat][rfc7915-4.3][rfc7915-5.3]") {
  const ByteVector received = make_udp(remote4, host4, payload_of(400));
  const ByteVector made =
      to6(make_icmp_error(host4.ip, remote4.ip, 11, 0, 0, Bytes(received).first(28)));
  CHECK(icmp_of(made) == "3/0");
  const auto quote = Ipv6View::parse_quoted(transport_of(made).subspan(8));
  REQUIRE(quote);
  CHECK(quote->payload_length() == 408);
  CHECK(quote->bytes().size() == 48);

  const ByteVector sent = make_udp6(host6, remote6, payload_of(400));
  const ByteVector back =
      to4(make_icmpv6_error(remote6.ip, host6.ip, {3, 0, 0}, Bytes(sent).first(48)));
  const auto quote4 = Ipv4View::parse_quoted(transport_of(back).subspan(8));
  REQUIRE(quote4);
  CHECK(quote4->total_length() == 428);
  CHECK(quote4->checksum_is_right());
}

TEST_CASE("translation: an error about an error is refused", "[nat][rfc7915-4.3][rfc7915-5.3]") {
  const ByteVector inner =
      make_icmp_error(remote4.ip, host4.ip, 3, 3, 0, make_udp(host4, remote4, payload_of(8)));
  CHECK(all_to6(make_icmp_error(host4.ip, remote4.ip, 3, 3, 0, inner)).error() ==
        Untranslatable::icmp_type);
  const ByteVector inner6 =
      make_icmpv6_error(host6.ip, remote6.ip, {1, 4, 0}, make_udp6(remote6, host6, payload_of(8)));
  CHECK(try_to4(make_icmpv6_error(remote6.ip, host6.ip, {1, 4, 0}, inner6)).error() ==
        Untranslatable::icmp_type);
}

TEST_CASE("to IPv6: extensions behind the packet in error stay as they are, and are found",
          "[nat][rfc7915-4.2][rfc4884-4]") {
  ByteVector quote = make_udp(remote4, host4, payload_of(100));
  quote.resize(128);
  const ByteVector extension{0x20, 0, 0xaa, 0xbb, 0, 8, 1, 1, 1, 2, 3, 4};
  ByteVector data = quote;
  data.insert(data.end(), extension.begin(), extension.end());
  const ByteVector made =
      to6(make_icmp_error(host4.ip, remote4.ip, 11, 0, std::uint32_t{128 / 4} << 16, data));
  const Bytes message = transport_of(made);
  const std::size_t length = std::size_t{message[4]} * 8;
  REQUIRE(8 + length + extension.size() == message.size());
  CHECK(std::ranges::equal(message.subspan(8 + length), extension));
}

TEST_CASE("translation: a packet cut short anywhere is refused or comes out right", "[nat]") {
  const ByteVector udp =
      with_extension(make_udp6(remote6, host6, payload_of(20)), 60, {0, 1, 4, 0, 0, 0, 0});
  const ByteVector error =
      make_icmpv6_error(remote6.ip, host6.ip, {1, 4, 0}, make_tcp6(host6, remote6, tcp_flag::syn));
  for (const ByteVector& whole : {udp, error}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      CHECK_FALSE(Ipv6View::parse(cut));
      if (size < 40) continue;
      store_u16(cut.data() + 4, static_cast<std::uint16_t>(size - 40));
      Prefixes prefixes;
      static_cast<void>(translate_to_ipv4(*Ipv6View::parse(cut), prefixes, End::remote, {}, 0));
    }
  }
  const ByteVector error4 =
      make_icmp_error(host4.ip, remote4.ip, 3, 3, 0, make_udp(remote4, host4, payload_of(9)));
  for (std::size_t size = 20; size < error4.size(); ++size) {
    ByteVector cut(error4.begin(), error4.begin() + static_cast<std::ptrdiff_t>(size));
    Ipv4Packet::parse_quoted(MutableBytes(cut))->set_total_length(static_cast<std::uint16_t>(size));
    Prefixes prefixes;
    static_cast<void>(translate_to_ipv6(*Ipv4View::parse(cut), prefixes, End::host, {}));
  }
}
