// Drives the PCP and NAT-PMP server, the NAT behind it and their common time with datagrams: raw
// ones, and requests that are almost right.

#include <algorithm>
#include <cstdint>

#include "nat/core/nat.hpp"
#include "nat/packet/builder.hpp"
#include "nat/portmap/server.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/pcp_request.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace stile;
using namespace stile::nat;
using fuzz::Input;
using fuzz::require;

const IpAddress hosts[] = {IpAddress::v4(192, 168, 1, 10), IpAddress::v4(192, 168, 1, 11)};
const IpAddress external = IpAddress::v4(203, 0, 113, 5);

nat::Config small_nat() {
  nat::Config config;
  config.external = {external};
  config.inside_address = IpAddress::v4(192, 168, 1, 1);
  config.max_mappings = 24;
  config.explicit_per_host = 12;
  config.max_filters_per_mapping = 3;
  config.max_ports_held = 4;
  config.port_min = 1000;
  config.port_max = 1031;
  return config;
}

const fuzz::PcpSubjects subjects{1000, 40, external, IpAddress::v4(198, 51, 100, 1)};

struct World {
  SeededRandom random{1};
  Nat nat{small_nat(), random};
  Instant now{std::chrono::hours(1)};
  portmap::Server server{portmap::Config{.third_party_clients = {IpPrefix(hosts[1], 32)}}, nat,
                         now};

  void ask(const IpAddress& client, const ByteVector& request) {
    const auto answer = server.handle_datagram(now, {client, 40000}, request);
    if (!answer) return;
    require(answer->size() >= 8, "an answer has a header");
    require(answer->size() <= std::max<std::size_t>((request.size() + 3) / 4 * 4, 24),
            "an answer is no amplification");
    require((*answer)[0] == 0 || ((*answer)[1] & 0x80) != 0, "an answer says that it is one");
  }
  void send(Side from, const TransportAddress& source, const TransportAddress& destination) {
    ByteVector packet = make_udp(source, destination, {});
    nat.handle_packet(now, from, packet);
  }
  void drain() {
    while (nat.poll_command()) {
    }
    while (nat.poll_event()) {
    }
    while (server.poll_announcement()) {
    }
    require(nat.mapping_count() <= 24, "mappings have their limit");
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input({data, size});
  World world;
  while (!input.empty()) {
    const std::uint8_t what = input.u8();
    const IpAddress& client = hosts[what >> 7];
    const auto port = static_cast<std::uint16_t>(1000 + (what >> 3) % 16);
    switch (what % 8) {
      case 0:
      case 1:
      case 2:
        world.ask(client, fuzz::pcp_request(input, client, subjects));
        break;
      case 3:
        world.ask(client, copy_of(input.bytes(input.u8())));
        break;
      case 4:
        world.send(Side::inside, {client, port}, {IpAddress::v4(198, 51, 100, 1), 7});
        break;
      case 5:
        world.send(Side::outside, {IpAddress::v4(198, 51, 100, 2), 9}, {external, port});
        break;
      case 6:
        world.now += std::chrono::seconds(input.u8());
        world.nat.handle_timeout(world.now);
        world.server.handle_timeout(world.now);
        break;
      case 7:
        if (port == 1000) world.nat.flush(world.now);
        if (port == 1001) world.nat.set_external(world.now, {});
        if (port == 1002) world.nat.set_external(world.now, {external});
        break;
    }
    world.drain();
  }
  return 0;
}
