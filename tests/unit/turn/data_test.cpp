#include "tests/unit/turn/bench.hpp"

using namespace stile;
using namespace stile::turn;
using namespace stile::turn::test;

namespace {

const TransportAddress peer_v6 = *TransportAddress::parse("[2001:db8::7]:7000");

/// Data with the headroom that is promised and not a byte behind it, so that a sanitizer sees a
/// step too far.
struct Buffer {
  explicit Buffer(std::string_view text) : bytes(datagram_headroom + text.size()) {
    std::ranges::copy(as_bytes(text), bytes.begin() + datagram_headroom);
  }
  MutableBytes data() { return MutableBytes(bytes).subspan(datagram_headroom); }
  ByteVector bytes;
};

ByteVector data_indication(const std::optional<TransportAddress>& peer,
                           std::optional<std::string_view> data) {
  ByteVector buffer(256);
  stun::MessageBuilder builder(buffer, stun::Class::indication, Method::data, {});
  if (peer) builder.add(stun::XorPeerAddress{*peer});
  if (data) builder.add(stun::DataAttribute{as_bytes(*data)});
  return copy_of(builder.finish());
}

ByteVector channel_data(std::uint16_t channel, std::string_view data) {
  ByteVector bytes(4);
  stun::ChannelData::write_header(bytes.data(), {channel}, data.size());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

}  // namespace

TEST_CASE("turn client: data leaves in a Send indication, whatever its length",
          "[turn][rfc8656-11.1]") {
  Bench bench;
  bench.allocate();
  for (const TransportAddress& peer : {peer_a, peer_v6})
    for (std::size_t length = 0; length <= 9; ++length) {
      const std::string text(length, 'x');
      Buffer buffer(text);
      const auto message = stun::MessageView::parse(bench.client.wrap(peer, buffer.data()));
      REQUIRE(message);
      CHECK(message->is(stun::Class::indication, Method::send));
      CHECK(message->get<stun::XorPeerAddress>()->address == peer);
      CHECK(as_text(message->get<stun::DataAttribute>()->bytes) == text);
    }
}

TEST_CASE("turn client: each Send indication has a transaction of its own", "[turn][rfc8489-5]") {
  Bench bench;
  bench.allocate();
  Buffer first("1234"), second("1234");
  const auto id =
      stun::MessageView::parse(bench.client.wrap(peer_a, first.data()))->transaction_id();
  CHECK(stun::MessageView::parse(bench.client.wrap(peer_a, second.data()))->transaction_id() != id);
}

TEST_CASE("turn client: once the channel is bound data leaves as ChannelData, in place",
          "[turn][rfc8656-12.5]") {
  Bench bench;
  bench.allocate();
  bench.bind_channel(peer_a);
  Buffer buffer("hello");
  const Bytes wrapped = bench.client.wrap(peer_a, buffer.data());
  const auto data = stun::ChannelData::parse(wrapped);
  REQUIRE(data);
  CHECK(data->channel.value == 0x4000);
  CHECK(as_text(data->data) == "hello");
  CHECK(data->data.data() == buffer.data().data());
  CHECK(wrapped.size() == 9);
}

TEST_CASE("turn client: a channel that is not bound yet, or never, is not used",
          "[turn][rfc8656-12]") {
  Bench bench;
  bench.allocate();
  SECTION("not answered") {
    bench.server.silent = true;
  }
  SECTION("refused") {
    bench.server.errors[Method::channel_bind] = 508;
  }
  bench.bind_channel(peer_a);
  Buffer buffer("hello");
  CHECK(stun::MessageView::parse(bench.client.wrap(peer_a, buffer.data())));
  Buffer other("hello");
  CHECK(stun::MessageView::parse(bench.client.wrap(peer_b, other.data())));
}

TEST_CASE("turn client: without an allocation nothing can be sent", "[turn]") {
  Bench bench;
  Buffer buffer("hello");
  SECTION("not yet") {}
  SECTION("no longer") {
    bench.allocate();
    bench.close();
  }
  CHECK(bench.client.wrap(peer_a, buffer.data()).empty());
}

TEST_CASE("turn client: data comes in Data indications", "[turn][rfc8656-11.4]") {
  Bench bench;
  bench.allocate();
  const ByteVector datagram = data_indication(peer_a, "hello");
  const auto received = bench.deliver(datagram);
  REQUIRE(received);
  CHECK(received->peer == peer_a);
  CHECK(as_text(received->data) == "hello");
  CHECK(received->data.data() > datagram.data());
  CHECK(received->data.data() < datagram.data() + datagram.size());
  CHECK(bench.deliver(data_indication(peer_a, ""))->data.empty());
}

TEST_CASE("turn client: data comes through channels", "[turn][rfc8656-12.6]") {
  Bench bench;
  bench.allocate();
  bench.bind_channel(peer_a);
  bench.bind_channel(peer_b);
  const ByteVector datagram = channel_data(0x4001, "hello");
  const auto received = bench.deliver(datagram);
  REQUIRE(received);
  CHECK(received->peer == peer_b);
  CHECK(as_text(received->data) == "hello");
}

TEST_CASE("turn client: what is no data for us is dropped", "[turn][rfc8656-11.4][rfc8656-12.6]") {
  Bench bench;
  bench.allocate();
  bench.bind_channel(peer_a);
  CHECK_FALSE(bench.deliver(data_indication({}, "hello")));
  CHECK_FALSE(bench.deliver(data_indication(peer_a, {})));
  CHECK_FALSE(bench.deliver(channel_data(0x4001, "hello")));
  CHECK_FALSE(bench.deliver(Bytes(channel_data(0x4000, "hello")).first(8)));
  bench.close();
  CHECK_FALSE(bench.deliver(data_indication(peer_a, "hello")));
  CHECK_FALSE(bench.deliver(channel_data(0x4000, "hello")));
}
