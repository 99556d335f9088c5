#include "tests/unit/portmap/bench.hpp"

#include "nat/packet/ipv4.hpp"
#include "nat/packet/udp.hpp"

namespace stile::nat::portmap::test {

namespace {

void append(ByteVector& to, const IpAddress& address) {
  to.insert(to.end(), address.v6_bytes().begin(), address.v6_bytes().end());
}
void append_u16(ByteVector& to, std::uint16_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}
void append_u32(ByteVector& to, std::uint32_t value) {
  append_u16(to, static_cast<std::uint16_t>(value >> 16));
  append_u16(to, static_cast<std::uint16_t>(value));
}

}  // namespace

ByteVector to_bytes(const Request& request) {
  ByteVector bytes{2, request.opcode, 0, 0};
  append_u32(bytes, request.lifetime);
  append(bytes, request.client);
  if (request.opcode == 1 || request.opcode == 2) {
    bytes.insert(bytes.end(), request.nonce.begin(), request.nonce.end());
    for (const std::uint8_t byte :
         {request.protocol, std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0}})
      bytes.push_back(byte);
    append_u16(bytes, request.internal_port);
    append_u16(bytes, request.suggested.port);
    append(bytes, request.suggested.ip);
  }
  if (request.opcode == 2) {
    append_u16(bytes, request.remote.port);
    append_u16(bytes, 0);
    append(bytes, request.remote.ip);
  }
  return std::move(bytes) + request.options;
}

ByteVector option(std::uint8_t code, const ByteVector& data) {
  ByteVector bytes{code, 0};
  append_u16(bytes, static_cast<std::uint16_t>(data.size()));
  bytes.insert(bytes.end(), data.begin(), data.end());
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}

ByteVector filter_option(const IpAddress& peer, std::uint8_t prefix_length, std::uint16_t port) {
  ByteVector data{0, prefix_length};
  append_u16(data, port);
  append(data, peer);
  return option(3, data);
}

ByteVector operator+(ByteVector left, const ByteVector& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Bench::Bench(nat::Config nat_config, Config config)
    : nat(std::move(nat_config), random), server(std::move(config), nat, now) {}

std::optional<ByteVector> Bench::send(const ByteVector& datagram, const IpAddress& from) {
  return server.handle_datagram(now, {from, 40000}, datagram);
}

Response Bench::ask(const Request& request, const IpAddress& from) {
  const ByteVector bytes = to_bytes(request);
  const auto answer = send(bytes, from);
  REQUIRE(answer);
  REQUIRE(answer->size() >= pcp::header_size);
  CHECK((*answer)[0] == 2);
  CHECK((*answer)[1] == (request.opcode | 0x80));
  CHECK(answer->size() % 4 == 0);
  CHECK(answer->size() <= std::max(bytes.size(), pcp::header_size));
  return {*answer};
}

bool Bench::delivered(const TransportAddress& remote, const TransportAddress& to) {
  ByteVector packet = make_udp(remote, to, {});
  const Verdict verdict = nat.handle_packet(now, Side::outside, packet);
  return verdict.action == Action::send_inside;
}

TransportAddress Bench::seen(const TransportAddress& inside, const TransportAddress& remote) {
  ByteVector packet = make_udp(inside, remote, {});
  const Verdict verdict = nat.handle_packet(now, Side::inside, packet);
  REQUIRE(verdict.action == Action::send_outside);
  const auto ipv4 = Ipv4View::parse(verdict.packet);
  return {IpAddress::v4(ipv4->source()), load_u16(ipv4->payload().data())};
}

void Bench::wait(Duration duration) {
  now += duration;
  nat.handle_timeout(now);
}

std::vector<ByteVector> Bench::announcements() {
  std::vector<ByteVector> messages;
  server.handle_timeout(now);
  while (auto message = server.poll_announcement()) messages.push_back(std::move(*message));
  return messages;
}

}  // namespace stile::nat::portmap::test
