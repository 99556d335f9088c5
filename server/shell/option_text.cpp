#include "server/shell/option_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "server/shell/interfaces.hpp"
#include "server/shell/start_error.hpp"

namespace stile::server {

void bad(const char* flag, const std::string& text, const char* form) {
  throw StartError(fmt::format("{} '{}' is not {}", flag, text, form));
}

IpAddress address(const char* flag, const std::string& text) {
  const auto parsed = IpAddress::parse(text);
  if (!parsed) bad(flag, text, "an IP address");
  return *parsed;
}

relay::PortRange port_range(const char* flag, const std::string& text) {
  relay::PortRange range;
  unsigned first = 0;
  unsigned last = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%u-%u%c", &first, &last, &rest) != 2 || first == 0 ||
      first > last || last > 65535)
    bad(flag, text, "MIN-MAX with 1 <= MIN <= MAX <= 65535");
  range.first = static_cast<std::uint16_t>(first);
  range.last = static_cast<std::uint16_t>(last);
  return range;
}

std::vector<IpPrefix> prefixes(const char* flag, const std::vector<std::string>& texts) {
  std::vector<IpPrefix> all;
  for (const std::string& text : texts) {
    const auto parsed = IpPrefix::parse(text);
    if (!parsed) bad(flag, text, "a CIDR block such as 10.0.0.0/8");
    all.push_back(*parsed);
  }
  return all;
}

std::vector<TransportAddress> listeners(const char* flag, const std::vector<std::string>& texts) {
  std::vector<TransportAddress> all;
  const auto add = [&](const TransportAddress& each) {
    if (std::ranges::find(all, each) == all.end()) all.push_back(each);
  };
  for (const std::string& text : texts) {
    const auto parsed = TransportAddress::parse(text);
    if (!parsed || parsed->port == 0) bad(flag, text, "ADDR:PORT (IPv6 in brackets)");
    if (!parsed->ip.is_unspecified()) {
      add(*parsed);
      continue;
    }
    // `::` is not IPv4's wildcard: --listen names both.
    const Family family = parsed->ip == IpAddress::v4(0) ? Family::ipv4 : Family::ipv6;
    for (const IpAddress& ip : interface_addresses())
      if (ip.family() == family) add({ip, parsed->port});
  }
  if (all.empty() && !texts.empty())
    throw StartError(
        fmt::format("{}: this machine has no address to listen on; bring an interface up", flag));
  return all;
}

}  // namespace stile::server
