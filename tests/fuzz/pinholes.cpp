// Drives the PCP server of an IPv6 firewall, the firewall and their common time with datagrams, raw
// ones and requests that are almost right, and with packets.

#include <algorithm>
#include <cstdint>

#include "nat/portmap/pinhole_server.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/pcp_request.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using namespace stile::nat;
using fuzz::Input;
using fuzz::require;

const IpAddress hosts[] = {*IpAddress::parse("2001:db8:1::10"),
                           *IpAddress::parse("2001:db8:1::11")};
const IpAddress outside[] = {*IpAddress::parse("2001:db8:9::1"),
                             *IpAddress::parse("2001:db8:9::2")};
constexpr std::size_t max_pinholes = 6;
constexpr std::size_t max_sessions = 12;

FirewallConfig small_firewall() {
  FirewallConfig config{*IpPrefix::parse("2001:db8:1::/48"), *IpAddress::parse("2001:db8:1::1"),
                        *IpAddress::parse("2001:db8:ffff::1")};
  config.filtering = Behavior::address_and_port_dependent;
  config.max_sessions = max_sessions;
  config.max_requested_pinholes = max_pinholes;
  config.requested_pinholes_per_host = 4;
  config.max_filters = 2;
  return config;
}

struct World {
  Firewall firewall{small_firewall()};
  Instant now{std::chrono::hours(1)};
  portmap::PinholeServer server{portmap::Config{.third_party_clients = {IpPrefix(hosts[1], 128)}},
                                firewall, now};

  void ask(const IpAddress& client, const ByteVector& request) {
    const auto answer = server.handle_datagram(now, {client, 40000}, request);
    if (!answer) return;
    require(answer->size() <= std::max<std::size_t>((request.size() + 3) / 4 * 4, 24),
            "an answer is no amplification");
    require(((*answer)[1] & 0x80) != 0, "an answer says that it is one");
  }

  void send(Side from, const TransportAddress& source, const TransportAddress& destination) {
    ByteVector packet(48);
    packet[0] = 0x60;
    packet[5] = 8;
    packet[6] = 17;
    packet[7] = 64;
    std::ranges::copy(source.ip.v6_bytes(), packet.begin() + 8);
    std::ranges::copy(destination.ip.v6_bytes(), packet.begin() + 24);
    store_u16(&packet[40], source.port);
    store_u16(&packet[42], destination.port);
    packet[45] = 8;
    firewall.handle_packet(now, from, packet);
  }

  void drain() {
    while (firewall.poll_command()) {
    }
    while (server.poll_announcement()) {
    }
    std::size_t pinholes = 0;
    firewall.for_each_pinhole([&](const Pinhole&, const ExplicitTerms& terms) {
      ++pinholes;
      require(terms.until > now, "what is over is gone");
      require(terms.filters.size() <= 2, "filters have their limit");
    });
    require(pinholes <= max_pinholes, "pinholes have their limit");
    require(firewall.session_count() <= max_sessions, "sessions have theirs");
    require(firewall.poll_timeout() > now, "nothing is due after its time was");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  World world;
  while (!input.empty()) {
    const std::uint8_t what = input.u8();
    const IpAddress& client = hosts[what >> 7];
    const TransportAddress port{client, static_cast<std::uint16_t>((what >> 3) % 8)};
    switch (what % 8) {
      case 0:
      case 1:
      case 2:
        world.ask(client, fuzz::pcp_request(input, client,
                                            {0, 8, input.u8() % 2 ? client : IpAddress(),
                                             outside[input.u8() % 2]}));
        break;
      case 3:
        world.ask(client, copy_of(input.bytes(input.u8())));
        break;
      case 4:
        world.send(Side::inside, port, {outside[input.u8() % 2], 7});
        break;
      case 5:
        world.send(Side::outside, {outside[input.u8() % 2], 7}, port);
        break;
      case 6:
        world.now += std::chrono::seconds(input.u16());
        break;
      case 7:
        if (input.u8() < 0x10) {
          world.firewall.flush();
          world.server.handle_state_loss(world.now);
        }
        break;
    }
    world.firewall.handle_timeout(world.now);
    world.server.handle_timeout(world.now);
    world.drain();
  }
  return 0;
}
