#include <algorithm>
#include <array>

#include "nat/packet/fragmentation.hpp"
#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress e1p{outside_1, 7000};
const TransportAddress inside{inside_1, 40000};

std::vector<ByteVector> cut(ByteVector packet, std::size_t mtu) {
  const Fragmented fragments = fragment(*Ipv4Packet::parse(packet), mtu);
  std::vector<ByteVector> all{copy_of(fragments.first)};
  all.insert(all.end(), fragments.rest.begin(), fragments.rest.end());
  return all;
}

/// Three fragments of a datagram of 1,200 bytes.
std::vector<ByteVector> three_fragments(const TransportAddress& from, const TransportAddress& to,
                                        std::uint16_t identification = 77) {
  auto fragments =
      cut(make_udp(from, to, payload_of(1200), {.identification = identification}), 520);
  REQUIRE(fragments.size() == 3);
  return fragments;
}

/// The datagram that fragments make, if they are all there and agree.
std::optional<ByteVector> reassembled(std::vector<ByteVector> fragments) {
  std::ranges::sort(fragments, {},
                    [](const ByteVector& f) { return Ipv4View::parse(f)->fragment_offset(); });
  ByteVector payload;
  for (const ByteVector& fragment : fragments) {
    const auto view = *Ipv4View::parse(fragment);
    const auto first = *Ipv4View::parse(fragments.front());
    if (view.fragment_offset() != payload.size() ||
        view.identification() != first.identification() || view.source() != first.source() ||
        view.destination() != first.destination())
      return std::nullopt;
    payload.insert(payload.end(), view.payload().begin(), view.payload().end());
  }
  const auto last = *Ipv4View::parse(fragments.back());
  if (last.more_fragments()) return std::nullopt;
  return make_ipv4(IpAddress::v4(last.source()), IpAddress::v4(last.destination()), last.protocol(),
                   payload);
}

struct Sink {
  std::vector<ByteVector> packets;
  void take(const Outcome& outcome) {
    if (outcome.passed()) packets.push_back(outcome.packet);
    for (const Command& command : outcome.commands) packets.push_back(command.packet);
  }
};

void check_whole(const Sink& sink, const TransportAddress& source,
                 const TransportAddress& destination) {
  const auto datagram = reassembled(sink.packets);
  REQUIRE(datagram);
  CHECK(checksums_are_right(*datagram));
  CHECK(source_of(*datagram) == source);
  CHECK(destination_of(*datagram) == destination);
  const auto udp = UdpView::parse(Ipv4View::parse(*datagram)->payload());
  CHECK(copy_of(udp->payload()) == payload_of(1200));
}

}  // namespace

TEST_CASE("nat: fragments pass in every order, both ways, with and without a mapping",
          "[nat][rfc4787-req14]") {
  std::array order{0, 1, 2};
  do {
    for (const bool mapped : {false, true}) {
      CAPTURE(order[0], order[1], order[2], mapped);
      Bench bench;
      if (mapped) bench.seen(inside, e1p);
      Sink out;
      const auto outbound = three_fragments(inside, e1p);
      for (const int i : order) {
        out.take(bench.from_inside(outbound[static_cast<std::size_t>(i)]));
        bench.seen({inside_2, 30000}, e1p);  // another flow between them
        bench.wait(500ms);
      }
      check_whole(out, {nat_external, 40000}, e1p);
      Sink in;
      const auto inbound = three_fragments(e1p, {nat_external, 40000});
      for (const int i : order) in.take(bench.from_outside(inbound[static_cast<std::size_t>(i)]));
      check_whole(in, e1p, inside);
    }
  } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("nat: fragments that were held leave after the first, in the order they came",
          "[nat][rfc4787-req14]") {
  Bench bench;
  const auto fragments = three_fragments(inside, e1p);
  CHECK(bench.from_inside(fragments[2]).action == Action::hold);
  CHECK(bench.from_inside(fragments[1]).action == Action::hold);
  const Outcome first = bench.from_inside(fragments[0]);
  CHECK(first.action == Action::send_outside);
  REQUIRE(first.commands.size() == 2);
  CHECK(Ipv4View::parse(first.commands[0].packet)->fragment_offset() >
        Ipv4View::parse(first.commands[1].packet)->fragment_offset());
  CHECK(bench.nat.counters().fragments_held == 2);
  CHECK(bench.nat.counters().fragments_released == 2);
}

TEST_CASE("nat: hairpinned fragments pass", "[nat][rfc4787-req14][rfc4787-req9]") {
  Bench bench;
  const TransportAddress first_seen = bench.seen(inside, e1p);
  const TransportAddress second_seen = bench.seen({inside_2, 50000}, e1p);
  const auto fragments = three_fragments(inside, second_seen);
  Sink sink;
  for (const int i : {1, 0, 2})
    sink.take(bench.from_inside(fragments[static_cast<std::size_t>(i)]));
  check_whole(sink, first_seen, {inside_2, 50000});
}

TEST_CASE("nat: duplicates, and a first fragment with only eight bytes, pass",
          "[nat][rfc4787-req14]") {
  Bench bench;
  const auto tiny = cut(make_udp(inside, e1p, payload_of(40)), 28 + 7);
  REQUIRE(Ipv4View::parse(tiny[0])->payload().size() == 8);
  for (const ByteVector& fragment : tiny) {
    CHECK(bench.from_inside(fragment).passed());
    CHECK(bench.from_inside(fragment).passed());
  }
}

TEST_CASE("nat: fragments of one datagram leave with one new identification, those of two with two",
          "[nat][rfc7857-10]") {
  Bench bench;
  const auto id_of = [](const Outcome& outcome) { return outcome.ipv4().identification(); };
  const auto first = three_fragments(inside, e1p);
  const auto second = three_fragments({inside_2, 40000}, e1p);
  const Outcome first_0 = bench.from_inside(first[0]);
  const Outcome second_0 = bench.from_inside(second[0]);
  CHECK(id_of(first_0) != id_of(second_0));
  CHECK(id_of(bench.from_inside(first[1])) == id_of(first_0));
  CHECK(id_of(bench.from_inside(second[1])) == id_of(second_0));
}

TEST_CASE("nat: a datagram whose first fragment comes twice keeps its new identification",
          "[nat][rfc7857-10]") {
  Bench bench;
  const auto fragments = three_fragments(inside, e1p);
  const std::uint16_t first = bench.from_inside(fragments[0]).ipv4().identification();
  CHECK(bench.from_inside(fragments[0]).ipv4().identification() == first);
  CHECK(bench.from_inside(fragments[1]).ipv4().identification() == first);
}

TEST_CASE("nat: later fragments of a refused datagram are dropped", "[nat][rfc4787-req14]") {
  Bench bench;
  const auto fragments = three_fragments(e1p, {nat_external, 40000});
  CHECK(bench.from_outside(fragments[2]).action == Action::hold);
  CHECK(bench.from_outside(fragments[0]).action == Action::drop);
  CHECK(bench.from_outside(fragments[1]).action == Action::drop);
  CHECK(bench.nat.counters().dropped_fragment_refused == 2);
}

TEST_CASE("nat: held fragments whose first does not come are forgotten in time",
          "[nat][rfc4787-req14]") {
  Bench bench;
  const auto fragments = three_fragments(inside, e1p);
  CHECK(bench.from_inside(fragments[1]).action == Action::hold);
  bench.wait(15s);
  CHECK(bench.nat.counters().dropped_fragment_timeout == 1);
  const Outcome first = bench.from_inside(fragments[0]);
  CHECK(first.passed());
  CHECK(first.commands.empty());
}

TEST_CASE("nat: a flood of lone fragments touches no other traffic and is bounded",
          "[nat][rfc4787-req14a]") {
  Bench bench;
  const TransportAddress external = bench.seen(inside, e1p);
  const Config& config = bench.nat.config();
  ByteVector lone = three_fragments({outside_2, 1}, external)[1];
  for (std::uint32_t i = 0; i < 100000; ++i) {
    ByteVector packet = lone;
    Ipv4Packet::parse(packet)->set_identification(static_cast<std::uint16_t>(i));
    Ipv4Packet::parse(packet)->set_source(outside_2.v4_bits() + i % 64);
    bench.nat.handle_packet(bench.now, Side::outside, packet);
    if (i % 1000 != 999) continue;
    CHECK(bench.delivered(e1p, external));
    Sink sink;
    for (const ByteVector& fragment : three_fragments(e1p, external, static_cast<std::uint16_t>(i)))
      sink.take(bench.from_outside(fragment));
    check_whole(sink, e1p, inside);
    Sink out_of_order;
    const auto outbound = three_fragments(inside, e1p, static_cast<std::uint16_t>(i));
    for (const int k : {2, 1, 0})
      out_of_order.take(bench.from_inside(outbound[static_cast<std::size_t>(k)]));
    check_whole(out_of_order, external, e1p);
  }
  CHECK(bench.nat.counters().dropped_fragment_limit > 90000);
  CHECK(bench.nat.counters().fragments_held <= config.max_fragments_held + 200);
}

TEST_CASE("nat: fragments held of one datagram are limited", "[nat][rfc4787-req14a]") {
  Config config = default_config();
  config.max_fragments_per_datagram = 3;
  Bench bench(config);
  const ByteVector later = three_fragments(inside, e1p)[1];
  for (int i = 0; i < 5; ++i) bench.from_inside(later);
  CHECK(bench.nat.counters().fragments_held == 3);
  CHECK(bench.nat.counters().dropped_fragment_limit == 2);
}

TEST_CASE("nat: the bytes of held fragments are limited", "[nat][rfc4787-req14a]") {
  Config config = default_config();
  config.max_fragment_bytes_held = 1000;
  Bench bench(config);
  const ByteVector later = three_fragments(inside, e1p)[1];
  CHECK(bench.from_inside(later).action == Action::hold);
  CHECK(bench.from_inside(later).action == Action::drop);
}

TEST_CASE("nat: when datagrams are too many the oldest is forgotten, not the newest refused",
          "[nat][rfc4787-req14a]") {
  Config config = default_config();
  config.max_fragmented_datagrams = 8;
  Bench bench(config);
  for (std::uint16_t id = 0; id < 100; ++id) {
    Sink sink;
    for (const ByteVector& fragment : three_fragments(inside, e1p, id))
      sink.take(bench.from_inside(fragment));
    check_whole(sink, {nat_external, 40000}, e1p);
  }
}

TEST_CASE("nat: fragments that hide or overwrite the TCP header are dropped", "[nat][rfc1858-3]") {
  Bench bench;
  bench.connect(inside, {outside_1, 80});
  const auto fragments = cut(make_tcp(inside, {outside_1, 80}, tcp_flag::ack, payload_of(100)), 28);
  CHECK(bench.from_inside(fragments[0]).action == Action::drop);
  CHECK(bench.from_inside(fragments[1]).action == Action::drop);
  CHECK(bench.nat.counters().dropped_malformed == 1);
  CHECK(bench.nat.counters().dropped_fragment_overlap == 1);
}

TEST_CASE("nat: too big and not to be fragmented is answered with the next hop's MTU",
          "[nat][rfc4787-req13][rfc5508-req10a1][rfc1191-4]") {
  Config config = default_config();
  config.outside_mtu = 1400;
  Bench bench(config);
  const ByteVector big = make_udp(inside, e1p, payload_of(1472), {.dont_fragment = true});
  const Outcome outcome = bench.from_inside(big);
  CHECK(outcome.action == Action::drop);
  const auto error = error_in(outcome.commands);
  REQUIRE(error);
  CHECK(outcome.commands[0].side == Side::inside);
  CHECK(source_of(outcome.commands[0].packet).ip == nat_inside);
  CHECK(error->type() == icmp_type::destination_unreachable);
  CHECK(error->code() == unreachable_code::fragmentation_needed);
  CHECK(error->next_hop_mtu() == 1400);
  CHECK(source_of(error->payload()) == inside);
  CHECK(
      bench.from_inside(make_udp(inside, e1p, payload_of(1372), {.dont_fragment = true})).passed());
}

TEST_CASE("nat: a link that takes less than before is not sent more", "[nat][rfc4787-req13]") {
  Bench bench;
  const ByteVector datagram = make_udp(inside, e1p, payload_of(1472), {.dont_fragment = true});
  CHECK(bench.from_inside(datagram).passed());
  bench.nat.set_mtus(1500, 1400);
  const Outcome outcome = bench.from_inside(datagram);
  CHECK(outcome.action == Action::drop);
  const auto error = error_in(outcome.commands);
  REQUIRE(error);
  CHECK(error->next_hop_mtu() == 1400);
  bench.nat.set_mtus(1500, 1500);
  CHECK(bench.from_inside(datagram).passed());
  bench.nat.set_mtus(0, 0);
  CHECK(bench.nat.config().outside_mtu == smallest_mtu);
}

TEST_CASE("nat: too big and free to be fragmented leaves in fragments, in order",
          "[nat][rfc4787-req13a][rfc5508-req10a1]") {
  Config config = default_config();
  config.outside_mtu = 576;
  config.inside_mtu = 576;
  Bench bench(config);
  Sink out;
  out.take(bench.from_inside(make_udp(inside, e1p, payload_of(1200))));
  CHECK(out.packets.size() == 3);
  CHECK(std::ranges::is_sorted(
      out.packets, {}, [](const ByteVector& f) { return Ipv4View::parse(f)->fragment_offset(); }));
  for (const ByteVector& packet : out.packets) CHECK(packet.size() <= 576);
  check_whole(out, {nat_external, 40000}, e1p);
  Sink in;
  in.take(bench.from_outside(make_udp(e1p, {nat_external, 40000}, payload_of(1200))));
  check_whole(in, e1p, inside);
}

TEST_CASE("nat: fragments that are too big themselves are cut again",
          "[nat][rfc4787-req13a][rfc4787-req14]") {
  Config config = default_config();
  config.outside_mtu = 300;
  Bench bench(config);
  const auto fragments = three_fragments(inside, e1p);
  for (const std::array<std::size_t, 3>& order : {std::array<std::size_t, 3>{0, 1, 2}, {2, 1, 0}}) {
    Sink sink;
    for (const std::size_t i : order) sink.take(bench.from_inside(fragments[i]));
    CHECK(sink.packets.size() == 5);
    check_whole(sink, {nat_external, 40000}, e1p);
  }
}

TEST_CASE("fragmentation: only copied options are repeated", "[nat][rfc791-3.1]") {
  const ByteVector options{0x94, 4, 0, 0, 7, 7,
                           4,    0, 0, 0, 0, 0};  // router alert is copied, record route is not
  const auto fragments = cut(make_udp(inside, e1p, payload_of(200), {.options = options}), 100);
  CHECK(copy_of(Ipv4View::parse(fragments[0])->options()) == options);
  for (std::size_t i = 1; i < fragments.size(); ++i)
    CHECK(copy_of(Ipv4View::parse(fragments[i])->options()) == ByteVector{0x94, 4, 0, 0});
  CHECK(checksums_are_right(fragments[1]));
}

TEST_CASE("fragmentation: a packet that fits is left alone", "[nat][rfc791-3.2]") {
  ByteVector packet = make_udp(inside, e1p, payload_of(100));
  const ByteVector before = packet;
  const Fragmented fragments = fragment(*Ipv4Packet::parse(packet), packet.size());
  CHECK(copy_of(fragments.first) == before);
  CHECK(fragments.rest.empty());
}

}  // namespace stile::nat::test
