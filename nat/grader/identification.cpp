#include "nat/grader/requirement.hpp"
#include "nat/packet/fragmentation.hpp"

namespace stile::nat::grader {

namespace {

constexpr std::size_t payload_size = 800;
constexpr std::size_t fragment_mtu = 500;

std::vector<ByteVector> make_pieces(const TransportAddress& from, const TransportAddress& to,
                                    std::uint16_t identification) {
  ByteVector packet =
      make_udp(from, to, ByteVector(payload_size), {.identification = identification});
  Fragmented fragments = fragment(*Ipv4Packet::parse(packet), fragment_mtu);
  std::vector<ByteVector> pieces{copy_of(fragments.first)};
  for (ByteVector& rest : fragments.rest) pieces.push_back(std::move(rest));
  return pieces;
}

/// RFC 6864 §5.3.1: behind the NAT two hosts are one source, which gives each datagram that is, or
/// may be, in fragments an identification of its own.
Finding identifications(Probe& probe) {
  if (!probe.has_two_inside()) return needs_two_inside();
  const TransportAddress inside[] = {probe.inside_endpoint(0), probe.inside_endpoint(1)};
  const TransportAddress outside = probe.outside_endpoint();
  const auto first = probe.seen(inside[0], outside);
  const auto second = probe.seen(inside[1], outside);
  if (!first || !second) return no_way_out();
  if (first->ip != second->ip) return untested("each host has an external address to itself");
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto identification = static_cast<std::uint16_t>(probe.number() | 1);
    const auto of_first = make_pieces(inside[0], outside, identification);
    const auto of_second = make_pieces(inside[1], outside, identification);
    // By turns, as they would be taken for one another.
    for (std::size_t i = 0; i < of_first.size(); ++i) {
      probe.bed().send(Side::inside, of_first[i]);
      probe.bed().send(Side::inside, of_second[i]);
    }
    std::optional<std::uint16_t> ids[2];
    // Only what begins a datagram has ports.
    probe.expect(Side::outside, probe.bed().patience(), [&](const Arrival& arrival) {
      if (arrival.ipv4().protocol() != ip_protocol::udp || arrival.destination != outside)
        return false;
      if (arrival.source == *first) ids[0] = arrival.ipv4().identification();
      if (arrival.source == *second) ids[1] = arrival.ipv4().identification();
      return ids[0] && ids[1];
    });
    if (ids[0] && ids[1])
      return judge(*ids[0] != *ids[1], *ids[0] == *ids[1]
                                           ? "two hosts' datagrams go out with one identification"
                                           : "two hosts' datagrams go out with two");
  }
  return untested("fragments do not go out");
}

constexpr Requirement requirements[] = {
    {7857, "10", Level::should, Pace::seconds, "Two hosts' fragments differ in identification",
     identifications},
};

}  // namespace

std::span<const Requirement> identification_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
