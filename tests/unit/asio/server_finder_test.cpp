#include "stile/asio/server_finder.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace stile;

namespace {

struct Found {
  std::optional<std::vector<turn::ServerPlace>> places;
};

void find(ServerFinder& finder, const std::string& uri, Found& found) {
  finder.find(*turn::ServerUri::parse(uri), [&found](std::vector<turn::ServerPlace> places) {
    found.places = std::move(places);
  });
}

}  // namespace

TEST_CASE("server finder: an address is its own answer, told from the executor",
          "[asio][rfc5928-3]") {
  boost::asio::io_context context;
  ServerFinder finder(context.get_executor());
  Found found;
  find(finder, "turns:192.0.2.1:99", found);
  CHECK_FALSE(found.places);
  context.run();
  REQUIRE(found.places);
  CHECK(*found.places ==
        std::vector<turn::ServerPlace>{{Transport::tls, *TransportAddress::parse("192.0.2.1:99")}});
}

TEST_CASE("server finder: localhost is this host", "[asio][rfc6761-6.3]") {
  boost::asio::io_context context;
  ServerFinder finder(context.get_executor());
  Found found;
  find(finder, "stun:localhost:99", found);
  context.run();
  REQUIRE(found.places);
  CHECK(*found.places ==
        std::vector<turn::ServerPlace>{{Transport::udp, *TransportAddress::parse("127.0.0.1:99")},
                                       {Transport::udp, *TransportAddress::parse("[::1]:99")}});
}

TEST_CASE("server finder: one that is gone tells nothing", "[asio]") {
  boost::asio::io_context context;
  Found found;
  {
    ServerFinder finder(context.get_executor());
    find(finder, "turn:192.0.2.1", found);
    find(finder, "turn:nobody.invalid", found);
  }
  context.run();
  CHECK_FALSE(found.places);
}
