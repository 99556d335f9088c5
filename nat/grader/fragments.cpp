#include <algorithm>
#include <array>

#include "nat/grader/requirement.hpp"
#include "nat/packet/fragmentation.hpp"

namespace stile::nat::grader {

namespace {

constexpr std::size_t payload_size = 1200;
constexpr std::size_t fragment_mtu = 500;

/// A datagram in three fragments, and the mark in its last bytes.
struct Pieces {
  std::vector<ByteVector> packets;
  std::size_t whole = 0;  ///< bytes behind the IP header
};

Pieces make_pieces(Probe& probe, const TransportAddress& from, const TransportAddress& to) {
  const auto identification = static_cast<std::uint16_t>(probe.number() | 1);
  ByteVector packet =
      make_udp(from, to, ByteVector(payload_size), {.identification = identification});
  const auto whole = Ipv4Packet::parse(packet);
  Pieces pieces{{}, whole->payload().size()};
  Fragmented fragments = fragment(*whole, fragment_mtu);
  pieces.packets.push_back(copy_of(fragments.first));
  for (ByteVector& rest : fragments.rest) pieces.packets.push_back(std::move(rest));
  return pieces;
}

/// Whether all of the datagram arrives, whole or in fragments of any order.
bool arrives(Probe& probe, Side at, const IpAddress& source, std::size_t whole) {
  std::size_t left = whole;
  return probe
      .expect(at, probe.bed().patience(),
              [&](const Arrival& arrival) {
                if (arrival.ipv4().protocol() != ip_protocol::udp || arrival.source.ip != source)
                  return false;
                left -= std::min(left, arrival.transport().size());
                return left == 0;
              })
      .has_value();
}

/// All orders of three, out and in, each of them up to three times.
Finding orders(Probe& probe, const std::vector<std::array<std::size_t, 3>>& wanted) {
  const TransportAddress inside = probe.inside_endpoint();
  const TransportAddress outside = probe.outside_endpoint();
  const auto external = probe.seen(inside, outside);
  if (!external) return no_way_out();
  const auto passes = [&](Side from, const std::array<std::size_t, 3>& order) {
    const bool outbound = from == Side::inside;
    for (int attempt = 0; attempt < 3; ++attempt) {
      const Pieces pieces =
          outbound ? make_pieces(probe, inside, outside) : make_pieces(probe, outside, *external);
      for (const std::size_t i : order) probe.bed().send(from, pieces.packets[i]);
      if (arrives(probe, other(from), outbound ? external->ip : outside.ip, pieces.whole))
        return true;
    }
    return false;
  };
  for (const auto& order : wanted) {
    if (!passes(Side::inside, order)) return judge(false, "a datagram does not go out");
    if (!passes(Side::outside, order)) return judge(false, "a datagram does not come in");
  }
  return judge(true, "datagrams in fragments pass, both ways");
}

Finding in_order(Probe& probe) {
  return orders(probe, {{0, 1, 2}});
}

Finding out_of_order(Probe& probe) {
  return orders(probe, {{0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}});
}

Finding made_by_the_nat(Probe& probe) {
  const auto mtu = probe.bed().outside_mtu();
  if (!mtu) return untested("needs an outside link with a smaller MTU");
  const TransportAddress inside = probe.inside_endpoint();
  const TransportAddress outside = probe.outside_endpoint();
  const auto external = probe.seen(inside, outside);
  if (!external) return no_way_out();
  const ByteVector big = make_udp(inside, outside, ByteVector(static_cast<std::size_t>(*mtu)));
  probe.bed().send(Side::inside, big);
  const bool passed = arrives(probe, Side::outside, external->ip, *mtu + std::size_t{8});
  return judge(passed, passed ? "it goes out in fragments" : "it is lost");
}

constexpr Requirement requirements[] = {
    {4787, "REQ-13", Level::must, Pace::seconds, "What is too big goes out in fragments",
     made_by_the_nat},
    {4787, "REQ-14", Level::must, Pace::seconds, "Fragments in order pass", in_order},
    {4787, "REQ-14 (disorder)", Level::must, Pace::seconds, "Fragments out of order pass",
     out_of_order},
};

}  // namespace

std::span<const Requirement> fragment_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
