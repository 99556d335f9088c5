#include "stile/asio/default_routers.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace stile {

namespace {

constexpr unsigned long flag_gateway = 0x2;  // RTF_GATEWAY
constexpr std::size_t max_routers = 4;       ///< Limit: others are not asked

/// As the kernel prints an address: the network order's bytes read as a number of this machine.
IpAddress address_of(std::uint32_t printed) {
  return *IpAddress::from_bytes({reinterpret_cast<const std::uint8_t*>(&printed), sizeof printed});
}

}  // namespace

std::vector<TransportAddress> default_routers(std::uint16_t port) {
  std::ifstream table("/proc/net/route");
  return default_routers_in(table, port);
}

std::vector<TransportAddress> default_routers_in(std::istream& table, std::uint16_t port) {
  std::vector<TransportAddress> routers;
  std::string line;
  std::getline(table, line);  // the columns' names
  while (std::getline(table, line) && routers.size() < max_routers) {
    std::istringstream words(line);
    std::string interface;
    std::uint32_t destination = 0, gateway = 0;
    unsigned long flags = 0;
    if (!(words >> interface >> std::hex >> destination >> gateway >> flags)) continue;
    const TransportAddress router{address_of(gateway), port};
    const bool is_new = std::ranges::find(routers, router) == routers.end();
    if (destination == 0 && gateway != 0 && (flags & flag_gateway) != 0 && is_new)
      routers.push_back(router);
  }
  return routers;
}

}  // namespace stile
