#include "nat/shell/option_definitions.hpp"
#include "nat/shell/options.hpp"

namespace stile::nat::shell {

namespace {

template <class Parsed>
std::optional<std::pair<Parsed, Parsed>> parse_pair(
    const std::string& text, std::optional<Parsed> (*parse)(std::string_view)) {
  const auto at = text.find('=');
  if (at == text.npos) return std::nullopt;
  const auto first = parse(std::string_view(text).substr(0, at));
  const auto second = parse(std::string_view(text).substr(at + 1));
  if (!first || !second) return std::nullopt;
  return std::pair(*first, *second);
}

std::optional<Pinhole> parse_pinhole(std::string_view text) {
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
    const std::string_view name = name_of(protocol);
    if (!text.starts_with(name) || text.substr(name.size(), 1) != ":") continue;
    const auto inside = TransportAddress::parse(text.substr(name.size() + 1));
    return inside ? std::optional(Pinhole{protocol, *inside}) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void add_ipv6_options(CLI::App& app, Ipv6Options& ipv6) {
  add(
      app, "--nat64",
      [&ipv6](const std::string& text) {
        ipv6.nat64 = accept(Prefix64::parse(text), text, "64:ff9b::/96 or 2001:db8:64::/48");
      },
      "IPv6 inside, IPv4 outside: the prefix that stands for IPv4 addresses", "PREFIX");
  add(
      app, "--dns64",
      [&ipv6](const std::string& text) {
        ipv6.dns64 = accept(TransportAddress::parse(text), text, "[2001:db8::53]:53");
      },
      "answer name queries inside with addresses in that prefix; the resolver that is asked",
      "ADDR:PORT");
  add(
      app, "--clat",
      [&ipv6](const std::string& text) {
        const auto pair =
            accept(parse_pair(text, &Prefix64::parse), text, "2001:db8:c::/96=64:ff9b::/96");
        ipv6.clat = ClatPrefixes{pair.first, pair.second};
      },
      "IPv4 inside, IPv6 outside: the prefix for inside hosts, and that of the NAT64 beyond",
      "OWN=PLAT");
  add(
      app, "--nptv6",
      [&ipv6](const std::string& text) {
        const auto pair =
            accept(parse_pair(text, &IpPrefix::parse), text, "fd00:1::/48=2001:db8:1::/48");
        ipv6.nptv6 = PrefixPair{pair.first, pair.second};
      },
      "IPv6 on both sides: prefixes that are translated", "INTERNAL=EXTERNAL");
  add(
      app, "--ipv6-firewall",
      [&ipv6](const std::string& text) {
        ipv6.firewall = accept(IpPrefix::parse(text), text, "2001:db8:1::/48");
      },
      "IPv6 on both sides, nothing is translated: the inside prefix", "PREFIX");
  add_each(
      app, "--pinhole",
      [&ipv6](const std::string& text) {
        ipv6.pinholes.push_back(accept(parse_pinhole(text), text, "tcp:[2001:db8:1::10]:80"));
      },
      "an inside port that is open to everybody, for --ipv6-firewall; repeatable", "PORT");
  add_number(app, "--lowest-ipv6-mtu", ipv6.lowest_mtu,
             "IPv4 packets that may be fragmented come out no longer [1280]");
}

}  // namespace stile::nat::shell
