#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::AttributeType;
using stun::DataAttribute;
using stun::Method;
using stun::XorPeerAddress;

namespace {

/// alice with a dual allocation, and permissions for a and the IPv6 peer.
struct Allocated {
  explicit Allocated(Transport transport = Transport::udp) : client(server) {
    client.over(transport);
    const Answer answer = client.allocate(stun::AdditionalAddressFamily{2});
    relayed = answer.relayed();
    relayed_v6 = server.open_sockets().back();
    client.permit(peer_a);
    client.permit(peer_v6);
  }
  Server server;
  Client client;
  TransportAddress relayed, relayed_v6;
};

ByteVector numbered(std::size_t size) {
  ByteVector bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + 1);
  return bytes;
}

}  // namespace

TEST_CASE_METHOD(Allocated, "relay: a Send indication becomes a datagram to the peer",
                 "[relay][rfc8656-11.2]") {
  const Reaction reaction = client.send_to(peer_a, "hello");
  REQUIRE(reaction.to_peer == peer_a);
  CHECK(as_text(reaction.data) == "hello");
  const Reaction empty = client.send_to(peer_a, "");
  REQUIRE(empty.to_peer == peer_a);
  CHECK(empty.data.empty());
}

TEST_CASE_METHOD(Allocated, "relay: a Send indication that is not right is dropped in silence",
                 "[relay][rfc8656-11.2]") {
  const DataAttribute data{as_bytes("data")};
  CHECK(client.indicate(XorPeerAddress{peer_a}).nothing());
  CHECK(client.indicate(data).nothing());
  CHECK(client.indicate(XorPeerAddress{peer_b}, data).nothing());
  CHECK(client.indicate(XorPeerAddress{{peer_a.ip, 0}}, data).nothing());
  CHECK(client.indicate(XorPeerAddress{peer_a}, data, stun::PriorityAttribute{1}).nothing());
  CHECK(Client(server, "192.0.2.9:1").send_to(peer_a, "data").nothing());
  CHECK(server.counters().no_permission_to == 2);
  CHECK(server.counters().no_allocation == 1);
}

TEST_CASE_METHOD(Allocated, "relay: a peer's datagram becomes a Data indication, bit by bit",
                 "[relay][rfc8656-11.3]") {
  for (const std::size_t size : {0u, 1u, 2u, 3u, 4u, 5u, 100u, 1199u, 1500u, 9001u, 65'500u}) {
    for (const auto& [socket, peer] :
         {std::pair(relayed, peer_a), std::pair(relayed_v6, peer_v6)}) {
      const ByteVector sent = numbered(size);
      const Reaction reaction = server.peer_sends(socket, peer, sent);
      REQUIRE(reaction.to_client == client.five_tuple);
      const auto message = stun::MessageView::parse(reaction.message);
      REQUIRE(message);
      CHECK(message->is(stun::Class::indication, Method::data));
      CHECK(message->get<XorPeerAddress>()->address == peer);
      const Bytes data = message->get<DataAttribute>()->bytes;
      CHECK(copy_of(data) == sent);
      for (std::size_t i = size; i % 4 != 0; ++i) CHECK(data.data()[i] == 0);
    }
  }
}

TEST_CASE_METHOD(Allocated, "relay: peer data that no message can hold is dropped whole",
                 "[relay][rfc8656-11.3]") {
  CHECK(server.peer_sends(relayed, peer_a, ByteVector(65'516)).to_client);
  CHECK(server.peer_sends(relayed, peer_a, ByteVector(65'517)).nothing());
  CHECK(server.peer_sends(relayed_v6, peer_v6, ByteVector(65'504)).to_client);
  CHECK(server.peer_sends(relayed_v6, peer_v6, ByteVector(65'505)).nothing());
  CHECK(server.counters().too_large == 2);
}

TEST_CASE_METHOD(Allocated, "relay: a bound peer's data comes as ChannelData alone",
                 "[relay][rfc8656-12.7]") {
  REQUIRE(client.bind(0x4abc, peer_a).ok());
  for (const std::size_t size : {0u, 1u, 2u, 3u, 5u, 1199u, 65'507u}) {
    const ByteVector sent = numbered(size);
    const Reaction reaction = server.peer_sends(relayed, peer_a, sent);
    REQUIRE(reaction.to_client);
    CHECK(reaction.message.size() == 4 + size);  // not padded over UDP
    const auto message = stun::ChannelData::parse(reaction.message);
    REQUIRE(message);
    CHECK(message->channel.value == 0x4abc);
    CHECK(copy_of(message->data) == sent);
  }
  const Reaction other_port = server.peer_sends(relayed, {peer_a.ip, 1}, as_bytes("data"));
  CHECK(stun::MessageView::parse(other_port.message)->method() == Method::data);
}

TEST_CASE("relay: ChannelData is padded over TCP and TLS, its length is not",
          "[relay][rfc8656-12.5]") {
  const Transport transport =
      GENERATE(Transport::tcp, Transport::tls, Transport::udp, Transport::dtls);
  Allocated allocated(transport);
  REQUIRE(allocated.client.bind(0x4000, peer_a).ok());
  for (const std::size_t size : {1u, 2u, 3u, 4u, 5u, 65'507u}) {
    const ByteVector sent = numbered(size);
    const Reaction reaction = allocated.server.peer_sends(allocated.relayed, peer_a, sent);
    REQUIRE(reaction.to_client);
    CHECK(reaction.message.size() == 4 + (is_stream(transport) ? (size + 3) / 4 * 4 : size));
    CHECK(copy_of(stun::ChannelData::parse(reaction.message)->data) == sent);
    for (std::size_t i = 4 + size; i < reaction.message.size(); ++i)
      CHECK(reaction.message[i] == 0);
  }
}

TEST_CASE_METHOD(Allocated, "relay: ChannelData becomes a datagram to the peer, even an empty one",
                 "[relay][rfc8656-12.6]") {
  REQUIRE(client.bind(0x4000, peer_a).ok());
  CHECK(as_text(client.channel_data(0x4000, "hello").data) == "hello");
  CHECK(client.channel_data(0x4000, "").to_peer == peer_a);
  CHECK(server.counters().to_peers.packets == 2);
  CHECK(server.counters().to_peers.bytes == 5);
}

TEST_CASE_METHOD(Allocated, "relay: ChannelData that is not right is dropped in silence",
                 "[relay][rfc8656-12.6]") {
  REQUIRE(client.bind(0x4000, peer_a).ok());
  CHECK(client.channel_data(0x4001, "unbound").nothing());
  for (const std::uint16_t reserved : {0x5000, 0x7fff, 0x8000, 0xffff})
    CHECK(client.channel_data(reserved, "x").nothing());
  const ByteVector too_long{0x40, 0x00, 0x00, 0x05, 'd', 'a', 't', 'a'};
  CHECK(server.client_sends(client.five_tuple, too_long).nothing());
  CHECK(server.client_sends(client.five_tuple, Bytes(too_long).first(3)).nothing());
  CHECK(server.counters().no_channel == 3);
}

TEST_CASE_METHOD(Allocated, "relay: bytes behind ChannelData's length are padding",
                 "[relay][rfc8656-12.5]") {
  REQUIRE(client.bind(0x4000, peer_a).ok());
  const ByteVector padded{0x40, 0x00, 0x00, 0x02, 'h', 'i', 0, 0};
  CHECK(as_text(server.client_sends(client.five_tuple, padded).data) == "hi");
}

TEST_CASE_METHOD(Allocated, "relay: the first byte tells protocols apart", "[relay][rfc7983]") {
  for (const std::uint8_t first : {16, 20, 63, 80, 127, 128, 191, 192, 255}) {
    const ByteVector datagram{first, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0,
                              0,     0, 0, 0, 0,    0,    0,    0,    0, 0};
    CHECK(server.client_sends(client.five_tuple, datagram).nothing());
  }
  CHECK(server.client_sends(client.five_tuple, {}).nothing());
}

TEST_CASE_METHOD(Allocated, "relay: an ICMP error about a permitted peer is told to the client",
                 "[relay][rfc8656-11.5]") {
  const Reaction reaction = server.peer_unreachable(relayed, peer_a, {3, 4, 1400});
  REQUIRE(reaction.to_client == client.five_tuple);
  const auto message = stun::MessageView::parse(reaction.message);
  REQUIRE(message);
  CHECK(message->get<XorPeerAddress>()->address == peer_a);
  CHECK(message->get<stun::Icmp>()->icmp_code == 4);
  CHECK(message->get<stun::Icmp>()->error_data == 1400);
  CHECK_FALSE(message->has(AttributeType::data));
}

TEST_CASE_METHOD(Allocated, "relay: an ICMP error's data is the MTU or nothing",
                 "[relay][rfc8656-18.13]") {
  const auto told = [&](const TransportAddress& socket, const TransportAddress& peer,
                        const stun::Icmp& icmp) {
    const Reaction reaction = server.peer_unreachable(socket, peer, icmp);
    return stun::MessageView::parse(reaction.message)->get<stun::Icmp>()->error_data;
  };
  CHECK(told(relayed, peer_a, {3, 4, 1280}) == 1280);
  CHECK(told(relayed, peer_a, {3, 3, 1280}) == 0);
  CHECK(told(relayed, peer_a, {11, 0, 1280}) == 0);
  CHECK(told(relayed_v6, peer_v6, {2, 0, 1280}) == 1280);
  CHECK(told(relayed_v6, peer_v6, {3, 4, 1280}) == 0);
}

TEST_CASE_METHOD(Allocated, "relay: an ICMP error is told of the address, whatever the port",
                 "[relay][rfc8656-11.5]") {
  const TransportAddress portless{peer_a.ip, 0};
  const Reaction reaction = server.peer_unreachable(relayed, portless, {3, 3, 0});
  REQUIRE(reaction.to_client);
  CHECK(stun::MessageView::parse(reaction.message)->get<XorPeerAddress>()->address == portless);
}

TEST_CASE_METHOD(Allocated, "relay: an ICMP error about a bound peer is told by an indication, too",
                 "[relay][rfc8656-12.5]") {
  REQUIRE(client.bind(0x4000, peer_b).ok());
  const Reaction reaction = server.peer_unreachable(relayed, peer_b, {3, 3, 0});
  REQUIRE(reaction.to_client);
  CHECK(stun::MessageView::parse(reaction.message)->is(stun::Class::indication, Method::data));
}

TEST_CASE_METHOD(Allocated, "relay: other ICMP errors are not told", "[relay][rfc8656-11.5]") {
  CHECK(server.peer_unreachable(relayed, peer_b, {3, 3, 0}).nothing());
  CHECK(server.peer_unreachable(relayed, peer_a, {5, 0, 0}).nothing());
  CHECK(server.peer_unreachable(relayed_v6, peer_v6, {11, 0, 0}).nothing());
  CHECK(server.peer_unreachable(relayed_v6, peer_v6, {1, 4, 0}).to_client);
}

TEST_CASE_METHOD(Allocated, "relay: data of a socket that is no more is dropped",
                 "[relay][rfc8656-11.3]") {
  const RelaySocketId stale = client.send_to(peer_a, "data").from;
  REQUIRE(client.refresh(stun::LifetimeAttribute{0}).ok());
  ByteVector buffer(datagram_headroom + 4);
  const auto outcome = server.relay().handle_peer_datagram(
      server.now, stale, peer_a, MutableBytes(buffer).subspan(datagram_headroom));
  CHECK(std::holds_alternative<Nothing>(outcome));
  CHECK(server.counters().unknown_sockets == 1);
}
