#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "tests/unit/relay/client.hpp"

using namespace stile;
using namespace stile::relay;
using namespace stile::relay::test;
using stun::Method;

namespace {
std::size_t heap_allocations = 0;
}

void* operator new(std::size_t size) {
  ++heap_allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++heap_allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

struct Allocated {
  Allocated() : client(server) {
    client.allocate(stun::AdditionalAddressFamily{2});
    client.bind(0x4000, peer_a);
    client.permit(peer_b);
    client.permit(peer_v6);
    socket = client.send_to(peer_a, "x").from;
    socket_v6 = client.send_to(peer_v6, "x").from;
  }
  /// Heap allocations of one input, given without the fixture's copies.
  template <class Input>
  std::size_t count(Bytes bytes, Input&& input) {
    ByteVector buffer(datagram_headroom + bytes.size());
    std::ranges::copy(bytes, buffer.begin() + datagram_headroom);
    const std::size_t before = heap_allocations;
    const Outcome outcome = input(MutableBytes(buffer).subspan(datagram_headroom));
    const std::size_t counted = heap_allocations - before;
    CHECK_FALSE(std::holds_alternative<Nothing>(outcome));
    return counted;
  }
  std::size_t from_client(Bytes bytes) {
    return count(bytes, [&](MutableBytes datagram) {
      return server.relay().handle_client_datagram(server.now, server.wall, client.five_tuple,
                                                   datagram);
    });
  }
  std::size_t from_peer(const TransportAddress& peer, Bytes bytes) {
    return count(bytes, [&](MutableBytes datagram) {
      return server.relay().handle_peer_datagram(server.now, socket, peer, datagram);
    });
  }
  Server server;
  Client client;
  RelaySocketId socket, socket_v6;
};

}  // namespace

TEST_CASE_METHOD(Allocated, "relay: Binding and relayed data make no heap allocation",
                 "[relay][fast-path]") {
  CHECK(from_client(client.build(stun::Class::request, Method::binding, false)) == 0);
  const ByteVector channel_data{0x40, 0x00, 0x00, 0x04, 1, 2, 3, 4};
  CHECK(from_client(channel_data) == 0);
  CHECK(from_client(client.build(stun::Class::indication, Method::send, false,
                                 stun::XorPeerAddress{peer_b},
                                 stun::DataAttribute{channel_data})) == 0);
  CHECK(from_peer(peer_a, channel_data) == 0);
  CHECK(from_peer(peer_b, channel_data) == 0);
}

TEST_CASE_METHOD(Allocated, "relay: what the headroom cannot take makes no heap allocation, either",
                 "[relay][fast-path]") {
  const ByteVector data(1200);
  CHECK(count(data, [&](MutableBytes datagram) {
          return server.relay().handle_peer_datagram(server.now, socket_v6, peer_v6, datagram);
        }) == 0);
}

TEST_CASE_METHOD(Allocated, "relay: DONT-FRAGMENT and ICMP errors make no heap allocation",
                 "[relay][fast-path][rfc8656-11.5]") {
  const ByteVector data{1, 2, 3, 4};
  CHECK(from_client(client.build(stun::Class::indication, Method::send, false,
                                 stun::XorPeerAddress{peer_b}, stun::DontFragment{},
                                 stun::DataAttribute{data})) == 0);
  CHECK(count({}, [&](MutableBytes) {
          return server.relay().handle_peer_icmp(server.now, socket, peer_b, {3, 3, 0});
        }) == 0);
}
