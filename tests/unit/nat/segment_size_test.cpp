#include "nat/packet/segment_size.hpp"

#include "nat/packet/ipv6.hpp"
#include "tests/unit/nat/bench.hpp"

namespace stile::nat::test {

namespace {

const TransportAddress client{inside_1, 40000};
const TransportAddress server{outside_1, 80};

ByteVector syn_with(Bytes options, std::uint8_t flags = tcp_flag::syn) {
  return make_tcp(client, server, flags, {}, {.options = options});
}

std::uint16_t size_in(Bytes packet) {
  const auto tcp = TcpView::parse(Ipv4View::parse(packet)->payload());
  return load_u16(tcp->option(tcp_option::maximum_segment_size).data() + 2);
}

/// In IPv6, behind a Destination Options header if asked for.
ByteVector ipv6_syn_with(Bytes options, bool has_extension) {
  const ByteVector ipv4 = syn_with(options);
  const auto tcp = Ipv4View::parse(ipv4)->payload();
  ByteVector packet(Ipv6View::header_length);
  packet[0] = 0x60;
  packet[6] = has_extension ? ipv6_header::destination_options : ip_protocol::tcp;
  packet[7] = 64;
  packet[23] = 1;
  packet[39] = 2;
  if (has_extension) packet.insert(packet.end(), {ip_protocol::tcp, 0, 1, 4, 0, 0, 0, 0});
  const std::size_t at = packet.size();
  packet.insert(packet.end(), tcp.begin(), tcp.end());
  store_u16(packet.data() + 4, static_cast<std::uint16_t>(packet.size() - 40));
  const auto view = *Ipv6View::parse(packet);
  const MutableBytes segment = MutableBytes(packet).subspan(at);
  store_u16(segment.data() + 16, 0);
  store_u16(segment.data() + 16,
            transport_checksum(view.source(), view.destination(), ip_protocol::tcp, segment));
  return packet;
}

}  // namespace

TEST_CASE("segment size: a SYN that allows larger segments is lowered", "[nat][rfc9293-3.7.1]") {
  const auto flags = GENERATE(as<std::uint8_t>(), 0x02, 0x12);
  ByteVector packet = syn_with(ByteVector{2, 4, 0x05, 0xb4}, flags);
  CHECK(limit_segment_size(packet, 1452));
  CHECK(size_in(packet) == 1452);
  CHECK(checksums_are_right(packet));
}

TEST_CASE("segment size: an option that begins at an odd byte", "[nat][rfc9293-3.1]") {
  ByteVector packet = syn_with(ByteVector{1, 2, 4, 0x05, 0xb4, 3, 3, 7});
  CHECK(limit_segment_size(packet, 1300));
  CHECK(size_in(packet) == 1300);
  CHECK(checksums_are_right(packet));
}

TEST_CASE("segment size: what allows less, says nothing, or is no SYN stays as it is",
          "[nat][rfc9293-3.7.1]") {
  const ByteVector mss{2, 4, 0x05, 0xb4};
  ByteVector packet =
      GENERATE_COPY(syn_with(ByteVector{2, 4, 0x02, 0x18}), syn_with(ByteVector{2, 4, 0x05, 0x14}),
                    syn_with({}), syn_with(ByteVector{0, 2, 4, 9}),
                    syn_with(ByteVector{2, 3, 9, 0}), syn_with(ByteVector{2, 0, 9, 9}),
                    syn_with(ByteVector{1, 1, 1, 2}), syn_with(ByteVector{3, 9, 2, 4}),
                    syn_with(mss, tcp_flag::ack), make_udp(client, server, syn_with(mss)));
  const ByteVector before = packet;
  CHECK_FALSE(limit_segment_size(packet, 1300));
  CHECK(packet == before);
}

TEST_CASE("segment size: in IPv6, behind extension headers, too", "[nat][rfc9293-3.7.1]") {
  const bool has_extension = GENERATE(false, true);
  ByteVector packet = ipv6_syn_with(ByteVector{2, 4, 0x05, 0xa0}, has_extension);
  CHECK(limit_segment_size(packet, 1220));
  const auto view = *Ipv6View::parse(packet);
  const Bytes segment = view.bytes().subspan(find_payload(view)->at);
  CHECK(load_u16(segment.data() + 22) == 1220);
  CHECK(transport_checksum(view.source(), view.destination(), ip_protocol::tcp, segment) == 0);
}

TEST_CASE("segment size: a packet cut short anywhere does no harm", "[nat][rfc9293-3.1]") {
  const ByteVector whole = GENERATE(syn_with(ByteVector{1, 2, 4, 0x05, 0xb4, 3, 3, 7}),
                                    ipv6_syn_with(ByteVector{2, 4, 0x05, 0xa0}, true));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ByteVector packet(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(limit_segment_size(packet, 1000));
  }
}

}  // namespace stile::nat::test
