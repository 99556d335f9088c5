#include "stile/asio/endpoint.hpp"

#include <catch2/catch.hpp>

#include "stile/asio/clock.hpp"

using namespace stile;

TEST_CASE("endpoint: addresses go to Asio and come back", "[asio]") {
  const std::string text = GENERATE("192.0.2.1:3478", "[2001:db8::1]:3478", "0.0.0.0:0", "[::]:1");
  const auto address = *TransportAddress::parse(text);
  const auto endpoint = to_asio(address);
  CHECK(endpoint.port() == address.port);
  CHECK(endpoint.address().is_v4() == address.ip.is_v4());
  CHECK(from_asio(endpoint) == address);
}

TEST_CASE("endpoint: a mapped address that the system tells is the IPv4 address", "[asio]") {
  const auto mapped = boost::asio::ip::make_address("::ffff:192.0.2.1");
  CHECK(from_asio(mapped) == IpAddress::v4(192, 0, 2, 1));
  CHECK(to_asio(from_asio(mapped)).is_v4());
}

TEST_CASE("clock: a core's time goes on with the machine's, and timers fire by it", "[asio]") {
  const auto before = std::chrono::steady_clock::now();
  const Instant now = instant_now();
  const auto after = std::chrono::steady_clock::now();
  CHECK(steady_time(now) > before - std::chrono::microseconds(1));
  CHECK(steady_time(now) <= after);
}
