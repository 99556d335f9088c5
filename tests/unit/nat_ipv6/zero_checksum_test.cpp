#include <algorithm>

#include "nat/ipv6/nat64.hpp"
#include "tests/unit/nat_ipv6/packets.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

namespace {

const IpAddress pool = ip("203.0.113.5");
const TransportAddress host = at("[2001:db8:1::10]:4000");
const TransportAddress server = at("198.51.100.1:7000");
const TransportAddress server6 = at("[2001:db8:64::198.51.100.1]:7000");

Nat64Config config_of_nat() {
  Nat64Config config;
  config.nat.external = {pool};
  config.prefix = *Prefix64::parse("2001:db8:64::/96");
  config.address = ip("2001:db8::1");
  return config;
}

/// A datagram of so many bytes for the host, without a checksum.
ByteVector unchecked(std::size_t size, std::uint16_t identification = 7) {
  ByteVector packet =
      make_udp(server, {pool, host.port}, payload_of(size), {.identification = identification});
  store_u16(packet.data() + 26, 0);
  return packet;
}

/// `length` bytes of its payload from `from` on.
ByteVector fragment4(const ByteVector& whole, std::size_t from, std::size_t length) {
  const auto view = *Ipv4View::parse(Bytes(whole));
  const std::size_t end = std::min(view.payload().size(), from + length);
  ByteVector made = copy_of(view.header());
  const Bytes part = view.payload().subspan(from, end - from);
  made.insert(made.end(), part.begin(), part.end());
  const auto packet = *Ipv4Packet::parse_quoted(MutableBytes(made));
  packet.set_total_length(static_cast<std::uint16_t>(made.size()));
  packet.set_fragment(from, end < view.payload().size());
  return made;
}

struct Bench {
  Bench() {
    nat64.handle_ipv6_packet(now, make_udp6(host, server6, as_bytes("out")));
    REQUIRE(take_commands(nat64).size() == 1);
  }
  /// What the host gets.
  std::vector<Command> in(ByteVector packet) {
    nat64.handle_ipv4_packet(now, packet);
    return take_commands(nat64);
  }
  std::vector<Command> in(const std::vector<ByteVector>& packets) {
    std::vector<Command> all;
    for (const ByteVector& packet : packets)
      for (Command& command : in(packet)) all.push_back(std::move(command));
    return all;
  }
  void wait(Duration duration) {
    const Instant end = now + duration;
    while (nat64.poll_timeout() <= end) {
      now = std::max(now, nat64.poll_timeout());
      nat64.handle_timeout(now);
    }
    now = end;
  }

  SeededRandom random{1};
  Nat64 nat64{config_of_nat(), random};
  Instant now{1h};
};

/// The UDP header and payload that pieces of IPv6 carry.
ByteVector joined(const std::vector<Command>& pieces) {
  ByteVector all;
  for (const Command& piece : pieces) {
    const auto view = *Ipv6View::parse(piece.packet);
    const auto payload = *find_payload(view);
    if (payload.fragment) CHECK(payload.fragment->offset == all.size());
    const Bytes part = Bytes(piece.packet).subspan(payload.at);
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

bool arrived_whole(const std::vector<Command>& pieces, std::size_t size) {
  const ByteVector datagram = joined(pieces);
  return datagram.size() == 8 + size && load_u16(datagram.data() + 6) != 0 &&
         std::ranges::equal(Bytes(datagram).subspan(8), payload_of(size)) &&
         transport_checksum(server6.ip, host.ip, ip_protocol::udp, datagram) == 0;
}

}  // namespace

TEST_CASE("nat64: UDP without a checksum gets one", "[nat][rfc6146-3.4]") {
  Bench bench;
  CHECK(arrived_whole(bench.in(unchecked(500)), 500));
}

TEST_CASE("nat64: its fragments are put together for that, in every order", "[nat][rfc6146-3.4]") {
  const ByteVector whole = unchecked(3000);
  std::vector<ByteVector> fragments{fragment4(whole, 0, 1000), fragment4(whole, 1000, 1000),
                                    fragment4(whole, 2000, 1008)};
  std::vector<int> order{0, 1, 2};
  do {
    Bench bench;
    std::vector<Command> sent;
    for (const int i : order)
      for (Command& command : bench.in(fragments[static_cast<std::size_t>(i)]))
        sent.push_back(std::move(command));
    CHECK(arrived_whole(sent, 3000));
    CHECK(bench.nat64.counters().reassembled == 1);
    CHECK(bench.nat64.counters().dropped_reassembly == 0);
  } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("nat64: what comes twice does no harm, what overlaps ends it",
          "[nat][rfc6146-3.4][rfc1858-3]") {
  const ByteVector whole = unchecked(2000);
  Bench bench;
  CHECK(arrived_whole(bench.in({fragment4(whole, 0, 1000), fragment4(whole, 0, 1000),
                                fragment4(whole, 1000, 2000)}),
                      2000));
  const ByteVector other = unchecked(2000, 8);
  CHECK(bench
            .in({fragment4(other, 0, 1000), fragment4(other, 992, 2000),
                 fragment4(other, 1000, 2000)})
            .empty());
  CHECK(bench.nat64.counters().dropped_reassembly == 1);
  CHECK(bench.nat64.counters().reassembled == 1);
  // One with the same place and other content.
  const ByteVector third = unchecked(2000, 9);
  ByteVector forged = fragment4(third, 0, 1000);
  forged.back() ^= 1;
  CHECK(bench.in({fragment4(third, 0, 1000), forged, fragment4(third, 1000, 2000)}).empty());
  // One that says that it ends before what is there.
  const ByteVector fourth = unchecked(2000, 10);
  ByteVector early = fragment4(fourth, 1000, 8);
  Ipv4Packet::parse(MutableBytes(early))->set_fragment(1000, false);
  CHECK(bench.in({fragment4(fourth, 0, 1000), fragment4(fourth, 1504, 400), early}).empty());
  CHECK(bench.nat64.counters().dropped_reassembly == 3);
}

TEST_CASE("nat64: one whose fragments do not all come is given up", "[nat][rfc6146-3.4]") {
  const ByteVector whole = unchecked(2000);
  Bench bench;
  CHECK(bench.in(fragment4(whole, 0, 1000)).empty());
  bench.wait(14s);
  CHECK(bench.nat64.counters().dropped_reassembly == 0);
  bench.wait(2s);
  CHECK(bench.nat64.counters().dropped_reassembly == 1);
  CHECK(bench.nat64.counters().reassembled == 0);
}

TEST_CASE("nat64: those with a checksum pass as they come", "[nat][rfc6146-3.4]") {
  Bench bench;
  const ByteVector whole = make_udp(server, {pool, host.port}, payload_of(2000));
  CHECK(bench.in(fragment4(whole, 0, 1000)).size() == 1);
  CHECK(bench.in(fragment4(whole, 1000, 2000)).size() == 1);
  CHECK(bench.nat64.counters().reassembled == 0);
}

TEST_CASE("reassembly: it has an end, in number and in bytes", "[nat][rfc6146-3.4]") {
  SeededRandom random(1);
  ZeroChecksumReassembly reassembly(15s, random);
  const Instant now{1h};
  std::optional<ByteVector> whole;
  const auto take = [&](const ByteVector& packet) {
    return reassembly.take(now, *Ipv4View::parse(Bytes(packet)), whole);
  };
  constexpr std::size_t size = 64'000;
  for (std::uint16_t id = 0; id < 300; ++id) CHECK(take(fragment4(unchecked(size, id), 0, 32'000)));
  CHECK(reassembly.datagrams() == ZeroChecksumReassembly::most_datagrams);
  CHECK(reassembly.bytes_held() <= ZeroChecksumReassembly::most_bytes);
  CHECK(reassembly.take_refused() == 300 - ZeroChecksumReassembly::most_bytes / 32'000);
  CHECK_FALSE(whole);
  // Those that had room are complete all the same.
  CHECK(take(fragment4(unchecked(size, 0), 32'000, size)));
  CHECK_FALSE(whole);  // there is no room for its other half
  CHECK(reassembly.end_due(now + 15s) == ZeroChecksumReassembly::most_bytes / 32'000 - 1);
  CHECK(reassembly.datagrams() == 0);
  CHECK(reassembly.bytes_held() == 0);
  CHECK(reassembly.earliest() == never);

  const ByteVector many = unchecked(1000);
  for (std::size_t i = 0; i <= ZeroChecksumReassembly::most_fragments; ++i)
    CHECK(take(fragment4(many, i * 8, 8)));
  CHECK(reassembly.bytes_held() == 0);
  CHECK_FALSE(whole);
}
