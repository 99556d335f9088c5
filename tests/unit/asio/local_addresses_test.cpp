#include "stile/asio/local_addresses.hpp"

#include <catch2/catch.hpp>

using namespace stile;

namespace {

std::vector<std::string> usable(const std::vector<std::pair<std::string, std::string>>& host,
                                const InterfaceFilter& filter = {}) {
  std::vector<InterfaceAddress> all;
  for (const auto& [name, address] : host) all.push_back({name, *IpAddress::parse(address), true});
  std::vector<std::string> texts;
  for (const IpAddress& address : usable_addresses(all, filter))
    texts.push_back(address.to_string());
  return texts;
}
using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("interfaces: loopback, guests' bridges and IPv6 link-local are left out",
          "[asio][rfc8445-5.1.1.1]") {
  const std::vector<std::pair<std::string, std::string>> host{
      {"lo", "127.0.0.1"},       {"eth0", "192.0.2.7"},     {"eth0", "fe80::1"},
      {"docker0", "172.17.0.1"}, {"br-77f1", "172.18.0.1"}, {"cni0", "10.244.0.1"},
      {"eth0", "2001:db8::7"},   {"veth12", "169.254.3.4"}, {"eth1", "224.0.0.1"},
      {"eth0", "192.0.2.7"}};
  CHECK(usable(host) == Texts{"192.0.2.7", "2001:db8::7"});
  CHECK(usable(host, {.loopback = true}) == Texts{"127.0.0.1", "192.0.2.7", "2001:db8::7"});
  CHECK(usable(host, {.only = "docker0"}) == Texts{"172.17.0.1"});
  CHECK(usable(host, {.only = "nothing"}).empty());
}

TEST_CASE("interfaces: those that are down have none", "[asio]") {
  const std::vector<InterfaceAddress> all{{"eth0", *IpAddress::parse("192.0.2.7"), false},
                                          {"eth1", *IpAddress::parse("192.0.2.8"), true}};
  CHECK(usable_addresses(all, {}) == std::vector{*IpAddress::parse("192.0.2.8")});
}

TEST_CASE("interfaces: IPv4 link-local is better than nothing, and no better",
          "[asio][rfc3927-1.9]") {
  CHECK(usable({{"eth0", "169.254.1.2"}, {"eth0", "2001:db8::7"}}) ==
        Texts{"169.254.1.2", "2001:db8::7"});
  CHECK(usable({{"eth0", "169.254.1.2"}, {"eth1", "192.0.2.7"}}) == Texts{"192.0.2.7"});
}

TEST_CASE("interfaces: a VPN comes last", "[asio]") {
  CHECK(usable({{"wg0", "10.8.0.2"}, {"tun3", "10.9.0.2"}, {"wlan0", "192.0.2.7"}}) ==
        Texts{"192.0.2.7", "10.8.0.2", "10.9.0.2"});
}

TEST_CASE("interfaces: of default routes there is one a family, if any", "[asio][rfc8828-5.2]") {
  const auto all = local_addresses({.loopback = true});
  const auto some = local_addresses({.loopback = true, .default_route = true});
  CHECK(some.size() <= 2);
  for (const IpAddress& address : some) CHECK(std::ranges::find(all, address) != all.end());
}
