#include "stile/asio/default_routers.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <sstream>

using namespace stile;

TEST_CASE("routers: those of default routes, each once", "[asio]") {
  if (std::endian::native != std::endian::little) return;  // the text is a little-endian machine's
  std::istringstream table(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
      "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
      "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n"
      "broken\n");
  CHECK(default_routers_in(table, 5351) ==
        std::vector{*TransportAddress::parse("192.168.1.1:5351")});
}
