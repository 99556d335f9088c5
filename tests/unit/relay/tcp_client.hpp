#pragma once

#include "tests/unit/relay/client.hpp"

namespace stile::relay::test {

inline constexpr stun::RequestedTransport tcp{stun::RequestedTransport::tcp};

/// A client with its control connection; connections to carry data are made by its server and user.
struct TcpClient : Client {
  explicit TcpClient(Server& relay, std::string_view address = "192.0.2.7:40000",
                     std::string name = "alice", std::string pass = "secret")
      : Client(relay, address, std::move(name), std::move(pass)), server(relay) {
    over_tcp();
  }

  template <class... Attributes>
  Answer allocate_tcp(const Attributes&... attributes) {
    return request(stun::Method::allocate, tcp, attributes...);
  }
  Answer connect(const TransportAddress& peer) {
    return request(stun::Method::connect, stun::XorPeerAddress{peer});
  }
  /// Connects, the shell succeeds: the CONNECTION-ID.
  std::uint32_t connection_with(const TransportAddress& peer) {
    connect(peer);
    return Answer(server.connected(server.connects.back().id)).get<stun::ConnectionId>().value;
  }
  Answer bind_connection(std::uint32_t id) {
    return request(stun::Method::connection_bind, stun::ConnectionId{id});
  }

  Server& server;
};

}  // namespace stile::relay::test
