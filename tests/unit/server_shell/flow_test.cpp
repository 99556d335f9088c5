#include "server/fastpath/flow.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::server;

namespace {

TransportAddress at(const char* text) {
  return *TransportAddress::parse(text);
}

const Flow over_ipv4{at("198.51.100.7:40000"),
                     at("192.0.2.1:3478"),
                     at("192.0.2.2:50000"),
                     at("203.0.113.9:7000"),
                     {0x4001}};
const Flow over_ipv6{at("[2001:db8::7]:40000"),
                     at("[2001:db8::1]:3478"),
                     at("[2001:db8::2]:50000"),
                     at("[2001:db8:9::9]:7000"),
                     {0x4001}};
constexpr Route to_client{2, 1500, 64}, to_peer{3, 9000, 63};

bool holds(const __u8 (&field)[16], const TransportAddress& address) {
  return std::ranges::equal(field, address.ip.v6_bytes());
}

}  // namespace

TEST_CASE("kernel relay: a client's ChannelData becomes the peer's datagram",
          "[kernel][rfc8656-12.6]") {
  const auto [key, entry] = entry_to_peer(over_ipv4, to_client, to_peer, 5);
  CHECK(holds(key.remote, over_ipv4.client));
  CHECK(holds(key.local, over_ipv4.server));
  CHECK(key.remote_port == htons(40000));
  CHECK(key.local_port == htons(3478));
  CHECK(key.channel == htons(0x4001));
  CHECK(holds(entry.source, over_ipv4.relayed));
  CHECK(holds(entry.destination, over_ipv4.peer));
  CHECK(entry.source_port == htons(50000));
  CHECK(entry.destination_port == htons(7000));
  CHECK(entry.channel == 0);
  CHECK(entry.in_index == 2);
  CHECK(entry.out_index == 3);
  CHECK(entry.mtu == 9000);
  CHECK(entry.hop_limit == 63);
  CHECK(entry.generation == 5);
  CHECK(entry.packets + entry.bytes + entry.joined_at == 0);
}

TEST_CASE("kernel relay: a peer's datagram becomes ChannelData for the client",
          "[kernel][rfc8656-12.5]") {
  const auto [key, entry] = entry_from_peer(over_ipv4, to_client, to_peer, 5);
  CHECK(holds(key.remote, over_ipv4.peer));
  CHECK(holds(key.local, over_ipv4.relayed));
  CHECK(key.channel == 0);
  CHECK(holds(entry.source, over_ipv4.server));
  CHECK(holds(entry.destination, over_ipv4.client));
  CHECK(entry.channel == htons(0x4001));
  CHECK(entry.in_index == 3);
  CHECK(entry.out_index == 2);
  CHECK(entry.mtu == 1500);
  CHECK(entry.hop_limit == 64);
}

TEST_CASE("kernel relay: over IPv6 what every path takes", "[kernel]") {
  CHECK(entry_to_peer(over_ipv6, to_client, to_peer, 5).entry.mtu == 1280);
  CHECK(entry_from_peer(over_ipv6, {2, 600, 64}, to_peer, 5).entry.mtu == 600);
  CHECK(holds(entry_to_peer(over_ipv6, to_client, to_peer, 5).key.remote, over_ipv6.client));
}

TEST_CASE("kernel relay: between IPv4 and IPv6 the server relays", "[kernel]") {
  CHECK(over_ipv4.has_one_family());
  CHECK(over_ipv6.has_one_family());
  Flow mixed = over_ipv4;
  mixed.peer = over_ipv6.peer;
  CHECK_FALSE(mixed.has_one_family());
}
