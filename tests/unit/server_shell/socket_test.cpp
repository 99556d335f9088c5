#include "server/shell/socket.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::server;

TEST_CASE("server: what the kernel had no room for is counted", "[server][udp]") {
  const auto receiver = open_udp({IpAddress::v4(127, 0, 0, 1), 0}, Sharing::alone, 4096);
  REQUIRE(receiver);
  SocketAddress address;
  REQUIRE(getsockname(receiver->fd(), reinterpret_cast<sockaddr*>(&address.storage),
                      &address.length) == 0);
  const Descriptor sender(::socket(AF_INET, SOCK_DGRAM, 0));
  CHECK(lost_datagrams(receiver->fd()) == 0);
  const std::string datagram(1000, 'x');
  constexpr std::uint64_t sent = 100;
  for (std::uint64_t i = 0; i < sent; ++i)
    REQUIRE(sendto(sender.fd(), datagram.data(), datagram.size(), 0,
                   reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 1000);
  std::uint64_t received = 0;
  for (char byte; recv(receiver->fd(), &byte, 1, MSG_DONTWAIT) > 0;) ++received;
  CHECK(received > 0);
  CHECK(received < sent);
  CHECK(lost_datagrams(receiver->fd()) == sent - received);
  CHECK(lost_datagrams(-1) == 0);
}
