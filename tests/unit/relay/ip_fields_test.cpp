#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::DataAttribute;
using stun::XorPeerAddress;

namespace {

constexpr std::uint8_t expedited_ect0 = 46 << 2 | 2;

/// A client with permissions and channels for a peer of each family.
struct Relaying {
  explicit Relaying(std::string_view address = "192.0.2.7:40000",
                    Transport transport = Transport::udp)
      : client(server, address) {
    client.over(transport);
    relayed = client.allocate(stun::AdditionalAddressFamily{2}).relayed();
    relayed_v6 = server.open_sockets().back();
    client.bind(0x4000, peer_a);
    client.bind(0x4001, peer_v6);
  }
  Reaction channel_data(std::uint8_t channel) {
    const ByteVector message{0x40, channel, 0, 2, 'h', 'i'};
    return server.client_sends(client.five_tuple, message, expedited_ect0);
  }
  bool leaves_whole(const TransportAddress& peer) {
    const Reaction reaction = client.indicate(XorPeerAddress{peer}, DataAttribute{as_bytes("data")},
                                              stun::DontFragment{});
    REQUIRE(reaction.to_peer == peer);
    CHECK_FALSE(client.send_to(peer, "data").fields.dont_fragment);
    return reaction.fields.dont_fragment;
  }
  Server server;
  Client client;
  TransportAddress relayed, relayed_v6;
};

}  // namespace

TEST_CASE_METHOD(Relaying, "relay: DSCP and ECN of a client's datagram are passed on",
                 "[relay][rfc8656-14]") {
  CHECK(channel_data(0).fields == IpFields{expedited_ect0, false});
  const ByteVector indication =
      client.build(stun::Class::indication, stun::Method::send, false, XorPeerAddress{peer_a},
                   DataAttribute{as_bytes("data")});
  CHECK(server.client_sends(client.five_tuple, indication, 184).fields == IpFields{184, false});
}

TEST_CASE_METHOD(Relaying, "relay: DSCP and ECN of a peer's datagram are passed on",
                 "[relay][rfc8656-14]") {
  CHECK(server.peer_sends(relayed, peer_a, as_bytes("data"), expedited_ect0).fields ==
        IpFields{expedited_ect0, false});
  CHECK(server.peer_sends(relayed, {peer_a.ip, 1}, as_bytes("data"), 3).fields ==
        IpFields{3, false});
}

TEST_CASE_METHOD(Relaying, "relay: DSCP and ECN are passed on between IPv4 and IPv6",
                 "[relay][rfc8656-13.1][rfc8656-13.3]") {
  CHECK(channel_data(1).fields.traffic_class == expedited_ect0);
  CHECK(server.peer_sends(relayed_v6, peer_v6, as_bytes("data"), 184).fields.traffic_class == 184);
}

TEST_CASE("relay: what comes over TCP leaves as best effort and Not-ECT", "[relay][rfc8656-15]") {
  Relaying relaying("192.0.2.7:40000", Transport::tcp);
  CHECK(relaying.channel_data(0).fields == IpFields{});
}

TEST_CASE_METHOD(Relaying, "relay: answers are best effort", "[relay][rfc8656-14]") {
  const ByteVector request = client.build(stun::Class::request, stun::Method::refresh, true);
  CHECK(server.client_sends(client.five_tuple, request, expedited_ect0).fields == IpFields{});
}

TEST_CASE_METHOD(Relaying, "relay: DONT-FRAGMENT of a Send indication sets DF",
                 "[relay][rfc8656-14]") {
  CHECK(leaves_whole(peer_a));
}

TEST_CASE("relay: DONT-FRAGMENT is ignored where UDP meets IPv6",
          "[relay][rfc8656-13.1][rfc8656-13.2][rfc8656-13.3]") {
  CHECK_FALSE(Relaying("192.0.2.7:40000").leaves_whole(peer_v6));
  CHECK_FALSE(Relaying("[2001:db8:7::1]:40000").leaves_whole(peer_a));
  CHECK_FALSE(Relaying("[2001:db8:7::1]:40000").leaves_whole(peer_v6));
}

TEST_CASE("relay: DONT-FRAGMENT over TCP counts for either family", "[relay][rfc8656-15]") {
  const auto address = GENERATE(as<std::string_view>{}, "192.0.2.7:40000", "[2001:db8:7::1]:40000");
  Relaying relaying(address, Transport::tcp);
  CHECK(relaying.leaves_whole(peer_a));
  CHECK(relaying.leaves_whole(peer_v6));
}
