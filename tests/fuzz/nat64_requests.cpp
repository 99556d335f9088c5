// Drives the PCP server of a NAT64, the NAT64 and their common time with datagrams, raw ones and
// requests that are almost right, and with packets.

#include <algorithm>
#include <cstdint>

#include "nat/ipv6/ipv6_packet_maker.hpp"
#include "nat/packet/builder.hpp"
#include "nat/portmap/nat64_server.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/pcp_request.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using namespace stile::nat;
using fuzz::Input;
using fuzz::require;

const IpAddress hosts[] = {*IpAddress::parse("2001:db8:1::10"), *IpAddress::parse("2001:db8:1::11"),
                           *IpAddress::parse("2001:db8:1::12")};
const IpAddress external = IpAddress::v4(203, 0, 113, 5);
const IpAddress outside[] = {IpAddress::v4(198, 51, 100, 1), IpAddress::v4(198, 51, 100, 2)};
constexpr std::size_t max_mappings = 12;

Nat64Config small_nat64() {
  Nat64Config config;
  config.nat.external = {external};
  config.nat.max_mappings = max_mappings;
  config.nat.explicit_per_host = 6;
  config.nat.max_filters_per_mapping = 3;
  config.nat.max_ports_held = 4;
  config.nat.port_min = 1000;
  config.nat.port_max = 1015;
  config.nat.filtering = Behavior::address_and_port_dependent;
  config.prefix = *Prefix64::parse("2001:db8:64::/96");
  config.address = *IpAddress::parse("2001:db8:1::1");
  return config;
}

struct World {
  SeededRandom random{1};
  Nat64 nat64{small_nat64(), random};
  Instant now{std::chrono::hours(1)};
  portmap::Nat64Server server{portmap::Config{.third_party_clients = {IpPrefix(hosts[1], 128)}},
                              nat64, now};

  IpAddress seen_inside(const IpAddress& remote) const {
    return nat64.config().prefix.embed(remote.v4_bits());
  }
  void ask(const IpAddress& client, const ByteVector& request) {
    const auto answer = server.handle_datagram(now, {client, 40000}, request);
    if (!answer) return;
    require(answer->size() <= std::max<std::size_t>((request.size() + 3) / 4 * 4, 24),
            "an answer is no amplification");
    require(((*answer)[1] & 0x80) != 0, "an answer says that it is one");
  }
  void drain() {
    while (nat64.poll_command()) {
    }
    while (nat64.poll_event()) {
    }
    while (server.poll_announcement()) {
    }
    nat64.for_each_explicit([&](const RequestedMapping& mapping) {
      require(mapping.info.inside.ip.is_v6(), "a mapping is an IPv6 host's");
      require(mapping.terms.filters.size() <= 3, "filters have their limit");
    });
    require(nat64.nat().mapping_count() <= max_mappings, "mappings have their limit");
    require(nat64.host_count() <= max_mappings, "hosts have theirs");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  World world;
  while (!input.empty()) {
    const std::uint8_t what = input.u8();
    const IpAddress& client = hosts[input.u8() % std::size(hosts)];
    const auto port = static_cast<std::uint16_t>(1000 + (what >> 3));
    const IpAddress& remote = outside[what >> 7];
    switch (what % 8) {
      case 0:
      case 1:
      case 2:
        world.ask(client, fuzz::pcp_request(input, client,
                                            {1000, 16, input.u8() % 2 ? external : IpAddress(),
                                             world.seen_inside(remote)}));
        break;
      case 3:
        world.ask(client, copy_of(input.bytes(input.u8())));
        break;
      case 4:
        world.nat64.handle_ipv6_packet(
            world.now, make_udp6({client, port}, {world.seen_inside(remote), 7}, {}));
        break;
      case 5: {
        ByteVector packet = make_udp({remote, 7}, {external, port}, {});
        world.nat64.handle_ipv4_packet(world.now, packet);
        break;
      }
      case 6:
        world.now += std::chrono::seconds(input.u16());
        break;
      case 7:
        if (port == 1000) {
          world.nat64.flush(world.now);
          world.server.handle_state_loss(world.now);
        }
        break;
    }
    world.nat64.handle_timeout(world.now);
    world.server.handle_timeout(world.now);
    world.drain();
  }
  return 0;
}
