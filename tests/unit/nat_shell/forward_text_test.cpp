#include "nat/shell/forward_text.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::nat;
using namespace stile::nat::shell;

TEST_CASE("options: a forward is read and written alike", "[nat][shell]") {
  const auto* text = GENERATE("tcp:80=10.0.0.2:8080", "udp:203.0.113.1:5000=10.0.0.2:5000",
                              "tcp:5000-5009=10.0.0.2:6000", "udp:1-65535=10.0.0.2:1");
  CAPTURE(text);
  const auto forward = parse_forward(text);
  REQUIRE(forward);
  CHECK(to_string(*forward) == text);
}

TEST_CASE("options: a forward's parts", "[nat][shell]") {
  const auto forward = parse_forward("udp:203.0.113.1:5000-5009=10.0.0.2:6000-6009");
  REQUIRE(forward);
  CHECK(forward->protocol == Protocol::udp);
  CHECK(forward->external == IpAddress::v4(203, 0, 113, 1));
  CHECK(forward->external_port == 5000);
  CHECK(forward->count == 10);
  CHECK(forward->inside == TransportAddress{IpAddress::v4(10, 0, 0, 2), 6000});
}

TEST_CASE("options: what is no forward is refused", "[nat][shell]") {
  const auto* text =
      GENERATE("", "tcp", "tcp:80", "80=10.0.0.2:80", "icmp:80=10.0.0.2:80", "tcp:0=10.0.0.2:80",
               "tcp:80=10.0.0.2", "tcp:80=10.0.0.2:0", "tcp:80=2001:db8::1:80", "tcp:80=:80",
               "tcp:x:80=10.0.0.2:80", "tcp:80-70=10.0.0.2:80", "tcp:80-89=10.0.0.2:80-90",
               "tcp:80=10.0.0.2:80-89", "tcp:70000=10.0.0.2:80", "tcp:80=10.0.0.2:80 ");
  CAPTURE(text);
  CHECK_FALSE(parse_forward(text));
}

TEST_CASE("options: a static address is a pair", "[nat][shell]") {
  const auto pair = parse_static_address("10.0.0.2=203.0.113.7");
  REQUIRE(pair);
  CHECK(pair->inside == IpAddress::v4(10, 0, 0, 2));
  CHECK(pair->external == IpAddress::v4(203, 0, 113, 7));
  const auto* text = GENERATE("", "10.0.0.2", "10.0.0.2=", "=203.0.113.7", "10.0.0.2=203.0.113.7=1",
                              "a=b", "10.0.0.2=2001:db8::7");
  CAPTURE(text);
  CHECK_FALSE(parse_static_address(text));
}

TEST_CASE("options: an inside address of IPv6 stands in brackets", "[nat][shell]") {
  const auto forward = parse_forward("tcp:80=[2001:db8::10]:8080");
  REQUIRE(forward);
  CHECK(forward->inside == *TransportAddress::parse("[2001:db8::10]:8080"));
  CHECK(to_string(*forward) == "tcp:80=[2001:db8::10]:8080");
  for (const char* text : {"tcp:80=2001:db8::10:8080", "tcp:80=[10.0.0.2]:80",
                           "tcp:80=[2001:db8::]", "tcp:80=[2001:db8::10:80", "tcp:80=[]:80"})
    CHECK_FALSE(parse_forward(text));
}

TEST_CASE("options: a balancer's servers and weights", "[nat][shell]") {
  const auto balancer = parse_balancer("tcp:203.0.113.1:80=10.0.0.2:8080,10.0.0.3:8080*2");
  REQUIRE(balancer);
  CHECK(balancer->protocol == Protocol::tcp);
  CHECK(balancer->external == IpAddress::v4(203, 0, 113, 1));
  CHECK(balancer->external_port == 80);
  REQUIRE(balancer->servers.size() == 2);
  CHECK(balancer->servers[0].weight == 1);
  CHECK(balancer->servers[1].weight == 2);
  CHECK(to_string(*balancer) == "tcp:203.0.113.1:80=10.0.0.2:8080,10.0.0.3:8080*2");
  for (const char* text :
       {"", "tcp:80", "tcp:80=", "tcp:80-81=10.0.0.2:80", "icmp:80=10.0.0.2:80", "tcp:80=10.0.0.2",
        "tcp:80=10.0.0.2:80*101", "tcp:80=10.0.0.2:80*x", "tcp:80=10.0.0.2:80,,10.0.0.3:80"})
    CHECK_FALSE(parse_balancer(text));
}
