#include "tests/unit/turn/bench.hpp"

using namespace stile;
using namespace stile::turn;
using namespace stile::turn::test;

namespace {

/// A client that waits for the answer to an Allocate which it has signed.
struct Waiting : Bench {
  Waiting() {
    server.silent = true;
    allocate();
    deliver(server.challenge(last(), 401));
  }
  /// In a heap block of exactly its size, so that a sanitizer sees each read beyond it.
  std::optional<Received> deliver_exactly(Bytes datagram) {
    const ByteVector exact = copy_of(datagram);
    return deliver(exact);
  }
  bool is_unmoved() const { return sent.size() == 2 && events.empty() && !client.is_allocated(); }
};

std::vector<std::size_t> attribute_offsets(Bytes bytes) {
  std::vector<std::size_t> offsets;
  stun::MessageView::parse(bytes)->for_each(
      [&](const stun::AttributeView& attribute) { offsets.push_back(attribute.offset); });
  return offsets;
}

}  // namespace

TEST_CASE("turn client: an answer cut at any length is none", "[turn][rfc8489-6.3]") {
  Waiting bench;
  for (const ByteVector& answer :
       {bench.server.success(bench.last()), bench.server.challenge(bench.last(), 438),
        bench.server.error(bench.last(), 486, "no more")})
    for (std::size_t size = 0; size < answer.size(); ++size) {
      INFO("size " << size);
      CHECK_FALSE(bench.deliver_exactly(Bytes(answer).first(size)));
      REQUIRE(bench.is_unmoved());
    }
  bench.deliver(bench.server.success(bench.last()));
  CHECK(bench.client.is_allocated());
}

TEST_CASE("turn client: cut with its length put right, a success is not believed",
          "[turn][rfc8489-9.2.5]") {
  Waiting bench;
  const ByteVector answer = bench.server.success(bench.last());
  for (std::size_t size = 20; size < answer.size(); ++size) {
    ByteVector cut = copy_of(Bytes(answer).first(size));
    store_u16(cut.data() + 2, static_cast<std::uint16_t>(size - 20));
    bench.deliver(cut);
    REQUIRE(bench.is_unmoved());
  }
}

TEST_CASE("turn client: with a length off by some, a success is not believed",
          "[turn][rfc8489-14]") {
  Waiting bench;
  const ByteVector answer = bench.server.success(bench.last());
  std::vector<std::size_t> lengths{2};
  for (const std::size_t offset : attribute_offsets(answer)) lengths.push_back(offset + 2);
  for (const std::size_t at : lengths)
    for (const int change : {-4, -1, 1, 4, 0x100, 0xfff0}) {
      ByteVector bent = answer;
      store_u16(bent.data() + at, static_cast<std::uint16_t>(load_u16(bent.data() + at) + change));
      bench.deliver(bent);
      REQUIRE(bench.is_unmoved());
    }
}

TEST_CASE("turn client: with any bit changed, a success is not believed", "[turn][rfc8489-14.5]") {
  Waiting bench;
  const ByteVector answer = bench.server.success(bench.last());
  for (std::size_t bit = 0; bit < answer.size() * 8; ++bit) {
    ByteVector bent = answer;
    bent[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    INFO("bit " << bit);
    CHECK_FALSE(bench.deliver_exactly(bent));
    REQUIRE(bench.is_unmoved());
  }
}

TEST_CASE("turn client: challenges with a length off by some leave it in order",
          "[turn][rfc8489-14]") {
  const int change = GENERATE(-4, -1, 1, 4, 0x100, 0xfff0);
  Waiting one;
  one.server.algorithms = {{2, {}}, {1, {}}};
  const ByteVector whole = one.server.challenge(one.last(), 438);
  for (const std::size_t offset : attribute_offsets(whole)) {
    Waiting bench;
    ByteVector bent = whole;
    store_u16(bent.data() + offset + 2,
              static_cast<std::uint16_t>(load_u16(bent.data() + offset + 2) + change));
    bench.deliver_exactly(bent);
    for (const Request& request : bench.sent) CHECK(stun::MessageView::parse(request.bytes));
    CHECK_FALSE(bench.client.is_allocated());
    CHECK(bench.events.size() <= 1);
  }
}

TEST_CASE("turn client: data cut at any length is dropped, or shorter", "[turn][rfc8656-12.5]") {
  Bench bench;
  bench.allocate();
  bench.bind_channel(peer_a);
  ByteVector indication(256);
  stun::MessageBuilder builder(indication, stun::Class::indication, Method::data, {});
  builder.add(stun::XorPeerAddress{peer_a}).add(stun::DataAttribute{as_bytes("hello")});
  const Bytes whole = builder.finish();
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(bench.deliver(copy_of(whole.first(size))));
  const ByteVector channel_data{0x40, 0, 0, 5, 'h', 'e', 'l', 'l', 'o'};
  for (std::size_t size = 0; size < channel_data.size(); ++size)
    CHECK_FALSE(bench.deliver(copy_of(Bytes(channel_data).first(size))));
  CHECK(bench.deliver(channel_data));
}

TEST_CASE("turn client: answers to what was not asked are dropped", "[turn][rfc8489-6.3.3]") {
  Waiting bench;
  Request other{bench.now, bench.last().bytes};
  other.bytes[19] ^= 1;
  bench.deliver(bench.server.challenge(other, 438));
  bench.deliver(other.bytes);
  CHECK(bench.is_unmoved());
}

TEST_CASE("turn client: noise is dropped", "[turn]") {
  Waiting bench;
  SeededRandom random(7);
  for (int i = 0; i < 20'000; ++i) {
    ByteVector noise(random.below(80));
    random.fill(noise);
    if (noise.size() >= 20 && i % 2 == 0) {  // with the header of an answer to our request
      const Bytes header = Bytes(bench.last().bytes).first(20);
      std::ranges::copy(header, noise.begin());
      store_u16(noise.data(), i % 4 == 0 ? 0x0103 : 0x0113);
      store_u16(noise.data() + 2, static_cast<std::uint16_t>(noise.size() - 20));
    }
    CHECK_FALSE(bench.deliver(noise));
    REQUIRE_FALSE(bench.client.is_allocated());
  }
}
