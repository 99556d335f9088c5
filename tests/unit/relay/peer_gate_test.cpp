#include "server/core/peer_gate.hpp"

#include <catch2/catch.hpp>

#include "server/core/special_purpose.hpp"
#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;

namespace {

IpAddress ip(std::string_view text) {
  return IpAddress::parse(text).value();
}

PeerGate gate_with(std::vector<std::string_view> allow, std::vector<std::string_view> deny = {}) {
  Config config;
  for (const auto text : allow) config.peers.allow.push_back(IpPrefix::parse(text).value());
  for (const auto text : deny) config.peers.deny.push_back(IpPrefix::parse(text).value());
  return PeerGate(config);
}

/// The ways to write an IPv4 address into an IPv6 one.
std::vector<std::string> encodings(std::uint32_t bits) {
  const std::string dotted = IpAddress::v4(bits).to_string();
  const auto hex = [](std::uint32_t value) {
    char text[16];
    std::snprintf(text, sizeof text, "%x:%x", value >> 16, value & 0xffff);
    return std::string(text);
  };
  return {"::ffff:" + dotted,
          "::" + dotted,
          "64:ff9b::" + dotted,
          "2002:" + hex(bits) + "::1",
          "2001:0:" + hex(0x08080808) + ":0:0:" + hex(~bits),
          "2a00:1450::5efe:" + dotted,
          "2a00:1450::200:5efe:" + dotted,
          "::ffff:0:" + dotted};
}

constexpr std::uint32_t denied_v4[] = {0x00000000, 0x7f000001, 0x7f000002, 0x7fffffff,
                                       0x0a000001, 0xac100001, 0xc0a80001, 0xa9fea9fe,
                                       0x64400001, 0xe0000001, 0xffffffff, 0xf0000001};

}  // namespace

TEST_CASE("gate: public addresses are admitted", "[relay][gate][rfc8656-21.2.2]") {
  const PeerGate gate = gate_with({});
  for (const char* text :
       {"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.255",
        "2a00:1450:4001::1", "2606:4700::1111", "2001:4860::8888", "64:ff9b::8.8.8.8"})
    CHECK(gate.admits(ip(text)));
}

TEST_CASE("gate: both ends of every special-purpose range are denied",
          "[relay][gate][rfc8656-21.2.2]") {
  const PeerGate gate = gate_with({});
  for (const std::string_view text : special_purpose_prefixes()) {
    const IpPrefix prefix = IpPrefix::parse(text).value();
    CHECK_FALSE(gate.admits(prefix.address()));
    auto last = prefix.address().v6_bytes();
    for (unsigned bit = prefix.length() + (prefix.address().is_v4() ? 96 : 0); bit < 128; ++bit)
      last[bit / 8] |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    CHECK_FALSE(gate.admits(IpAddress::v6(last)));
  }
}

TEST_CASE("gate: IPv6 that is not global unicast is denied", "[relay][gate]") {
  const PeerGate gate = gate_with({});
  for (const char* text : {"0:1::1", "1fff::1", "4000::1", "8000::1", "fbff::1"})
    CHECK_FALSE(gate.admits(ip(text)));
}

TEST_CASE("gate: a denied IPv4 address is denied in every encoding",
          "[relay][gate][cve-2026-27624]") {
  const PeerGate gate = gate_with({});
  for (const std::uint32_t bits : denied_v4)
    for (const std::string& text : encodings(bits)) {
      INFO(text);
      CHECK_FALSE(gate.admits(ip(text)));
    }
}

TEST_CASE("gate: opening an outer range does not open the denied IPv4 addresses inside",
          "[relay][gate]") {
  const PeerGate gate =
      gate_with({"::/96", "64:ff9b::/96", "2002::/16", "2001::/32", "::ffff:0:0:0/96"});
  for (const std::uint32_t bits : denied_v4)
    for (const std::string& text : encodings(bits)) {
      if (text.starts_with("::ffff:0:")) continue;  // translated: nothing is looked for inside
      INFO(text);
      CHECK_FALSE(gate.admits(ip(text)));
    }
  CHECK(gate.admits(ip("2002:808:808::1")));
  CHECK(gate.admits(ip("64:ff9b::8.8.8.8")));
}

TEST_CASE("gate: the unspecified addresses are never admitted", "[relay][gate][cve-2020-26262]") {
  const PeerGate gate = gate_with({"0.0.0.0/0", "::/0", "0.0.0.0/32", "::/128", "224.0.0.0/4",
                                   "ff00::/8", "255.255.255.255/32"});
  for (const char* text :
       {"0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1", "255.255.255.255"})
    CHECK_FALSE(gate.admits(ip(text)));
}

TEST_CASE("gate: loopback is denied with every octet pattern",
          "[relay][gate][ghsa-w4hf-cr3w-6h79]") {
  const PeerGate gate = gate_with({});
  SeededRandom random(3);
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t bits = 0x7f000000 | random.below(1u << 24);
    CHECK_FALSE(gate.admits(IpAddress::v4(bits)));
    CHECK_FALSE(gate.admits(ip("::ffff:" + IpAddress::v4(bits).to_string())));
  }
}

TEST_CASE("gate: the longest prefix decides, and of equal ones a deny", "[relay][gate]") {
  const PeerGate gate = gate_with({"10.0.0.0/8", "192.168.1.0/24", "8.8.8.0/24"},
                                  {"10.1.0.0/16", "8.8.8.0/24", "9.0.0.0/8"});
  CHECK(gate.admits(ip("10.0.0.1")));
  CHECK(gate.admits(ip("::ffff:10.0.0.1")));
  CHECK_FALSE(gate.admits(ip("10.1.0.1")));
  CHECK(gate.admits(ip("192.168.1.7")));
  CHECK_FALSE(gate.admits(ip("192.168.2.7")));
  CHECK_FALSE(gate.admits(ip("8.8.8.8")));
  CHECK_FALSE(gate.admits(ip("9.9.9.9")));
  CHECK_FALSE(gate.admits(ip("64:ff9b::9.9.9.9")));
  CHECK(gate.admits(ip("64:ff9b::10.0.0.1")));
}

TEST_CASE("gate: a wide allow does not open the special ranges within it", "[relay][gate]") {
  const PeerGate gate = gate_with({"0.0.0.0/0", "::/0"});
  CHECK_FALSE(gate.admits(ip("127.0.0.1")));
  CHECK_FALSE(gate.admits(ip("fe80::1")));
  CHECK(gate.admits(ip("8.8.8.8")));
}

TEST_CASE("gate: prefixes compare as numbers, not byte by byte", "[relay][gate]") {
  const PeerGate gate = gate_with({}, {"2a00:1:ff00::/40"});
  CHECK_FALSE(gate.admits(ip("2a00:1:ff00::1")));
  CHECK_FALSE(gate.admits(ip("2a00:1:ffff:0:1:2:3:4")));
  CHECK(gate.admits(ip("2a00:1:fe00::1")));
  CHECK(gate.admits(ip("2a00:2:ff00::1")));
}

TEST_CASE("gate: port 0 and the server's own listeners are denied, its other ports are not",
          "[relay][gate][rfc8656-21.1.7]") {
  Config config = usual_config();
  config.external_addresses = {{ip("203.0.113.99"), relay_v4}};
  const PeerGate gate(config);
  CHECK_FALSE(gate.admits(TransportAddress{peer_a.ip, 0}));
  CHECK_FALSE(gate.admits(listener));
  CHECK_FALSE(gate.admits(TransportAddress{ip("203.0.113.99"), listener.port}));
  CHECK(gate.admits(TransportAddress{listener.ip, 50'000}));
}

TEST_CASE("gate: at the server's own addresses only relayed ones are peers, unless they are opened",
          "[relay][gate][rfc8656-21.2.2]") {
  Config config;
  config.own_addresses = {{ip("8.8.8.8"), 3478}};
  config.relay_addresses = {ip("8.8.4.4"), ip("10.0.0.5")};
  config.external_addresses = {{ip("1.1.1.1"), ip("10.0.0.5")}};
  for (const char* own : {"8.8.8.8", "8.8.4.4", "1.1.1.1"}) {
    INFO(own);
    CHECK_FALSE(PeerGate(config).admits(TransportAddress{ip(own), 22}));
    CHECK_FALSE(PeerGate(config).admits(TransportAddress{ip(own), 49'151}));
    CHECK(PeerGate(config).admits(TransportAddress{ip(own), 49'152}));
    CHECK(PeerGate(config).admits(TransportAddress{ip(own), 65'535}));
  }
  config.peers.allow = {*IpPrefix::parse("8.8.8.0/24")};
  CHECK(PeerGate(config).admits(TransportAddress{ip("8.8.8.8"), 22}));
  CHECK_FALSE(PeerGate(config).admits(TransportAddress{ip("8.8.8.8"), 3478}));
  CHECK_FALSE(PeerGate(config).admits(TransportAddress{ip("8.8.4.4"), 22}));
}

TEST_CASE("gate: addresses of the machine that the server does not use are its own, too",
          "[relay][gate][rfc8656-21.2.2]") {
  Config config;
  config.own_addresses = {{ip("8.8.8.8"), 3478}};
  config.machine_addresses = {ip("8.8.8.8"), ip("9.9.9.9"), ip("2a00::9")};
  for (const char* other : {"9.9.9.9", "2a00::9"}) {
    INFO(other);
    CHECK_FALSE(PeerGate(config).admits(ip(other)));
    CHECK_FALSE(PeerGate(config).admits(TransportAddress{ip(other), 49'152}));
  }
  CHECK_FALSE(PeerGate(config).admits(ip("64:ff9b::909:909")));
  CHECK(PeerGate(config).admits(TransportAddress{ip("8.8.8.8"), 49'152}));
  for (const char* opened : {"9.9.9.9/32", "9.0.0.0/8"}) {
    config.peers.allow = {*IpPrefix::parse(opened)};
    CHECK(PeerGate(config).admits(TransportAddress{ip("9.9.9.9"), 22}));
  }
}

TEST_CASE("gate: a NAT64 leads neither to a listener nor to what else is at the server's address",
          "[relay][gate][rfc8656-21.1.7][rfc8656-21.2.2]") {
  Config config;
  config.own_addresses = {{ip("8.8.8.8"), 3478}};
  const IpAddress translated = ip("64:ff9b::808:808");
  CHECK_FALSE(PeerGate(config).admits(TransportAddress{translated, 3478}));
  CHECK_FALSE(PeerGate(config).admits(TransportAddress{translated, 22}));
  CHECK(PeerGate(config).admits(TransportAddress{translated, 49'152}));
  CHECK(PeerGate(config).admits(TransportAddress{ip("64:ff9b::101:101"), 22}));
}

TEST_CASE("gate: no method reaches a denied peer, however it is written",
          "[relay][gate][rfc8656-10.2][rfc8656-12.2]") {
  Server server;
  Client client(server);
  const TransportAddress relayed = client.allocate(stun::AdditionalAddressFamily{2}).relayed();
  for (const std::uint32_t bits : denied_v4)
    for (const std::string& text : encodings(bits)) {
      const TransportAddress peer{ip(text), 80};
      INFO(text);
      CHECK(client.permit(peer).error() == 403);
      CHECK(client.bind(0x4000, peer).error() == 403);
      CHECK(client.send_to(peer, "data").nothing());
      CHECK(server.peer_sends(relayed, peer, as_bytes("data")).nothing());
    }
  CHECK(server.counters().to_peers.packets == 0);
}

TEST_CASE("gate: with a permission for the server's address its listener is still out of reach",
          "[relay][gate][rfc8656-21.1.7]") {
  Server server;
  Client client(server);
  const TransportAddress relayed = client.allocate().relayed();
  REQUIRE(client.permit(listener).ok());
  CHECK(client.send_to(listener, "loop").nothing());
  CHECK(server.peer_sends(relayed, listener, as_bytes("loop")).nothing());
  CHECK(client.send_to({listener.ip, 50'000}, "relay to relay").to_peer);
}
