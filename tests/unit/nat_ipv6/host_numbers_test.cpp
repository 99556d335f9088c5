#include "nat/ipv6/host_numbers.hpp"

#include "tests/unit/nat_ipv6/packets.hpp"

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::test;

TEST_CASE("host numbers: one for each host, until it has had no mapping for a minute", "[nat]") {
  SeededRandom random(1);
  HostNumbers hosts(2, random);
  const Instant start(1h);
  const IpAddress one = ip("2001:db8::1");
  const auto number = hosts.number_of(start, one);
  REQUIRE(number);
  CHECK(hosts.number_of(start, one) == number);
  CHECK(hosts.host_of(*number) == one);
  CHECK(hosts.number_of(start, ip("2001:db8::2")) != number);
  CHECK_FALSE(hosts.number_of(start, ip("2001:db8::3")));
  CHECK_FALSE(hosts.number_of(start, ip("::1")));
  CHECK_FALSE(hosts.host_of(*number + 7));
  CHECK_FALSE(hosts.host_of(1));

  hosts.add_mapping(*number);
  hosts.end_due(start + 61s);
  CHECK(hosts.size() == 1);
  hosts.remove_mapping(start + 100s, *number);
  hosts.end_due(start + 159s);
  CHECK(hosts.host_of(*number) == one);
  hosts.end_due(start + 160s);
  CHECK_FALSE(hosts.host_of(*number));
  CHECK(hosts.earliest() == never);
}
