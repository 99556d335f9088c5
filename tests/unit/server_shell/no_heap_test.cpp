#include <poll.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "server/shell/receive_batch.hpp"
#include "server/shell/send_queue.hpp"

using namespace stile;
using namespace stile::server;

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

/// A socket on loopback, and its address.
struct Loopback {
  Loopback() : socket(*open_udp({IpAddress::v4(127, 0, 0, 1), 0}, Sharing::alone, 1 << 18)) {
    SocketAddress bound;
    getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.length);
    address = bound.transport_address();
  }
  Descriptor socket;
  TransportAddress address;
};

bool readable(int fd) {
  pollfd wait{fd, POLLIN, 0};
  return poll(&wait, 1, 10'000) == 1;
}

}  // namespace

TEST_CASE("server: datagrams are received and sent without a heap allocation",
          "[server][udp][fast-path]") {
  Loopback from, to;
  SendQueue sends;
  ReceiveBatch batch;
  const std::array<std::uint8_t, 200> datagram{};
  std::size_t received = 0;
  const std::size_t before = heap_allocations;
  for (int i = 0; i < 10; ++i) {
    sends.push(from.socket.fd(), to.address, datagram,
               {static_cast<std::uint8_t>(i < 5 ? 0 : 184), i % 2 == 0});
    sends.push_copy(from.socket.fd(), to.address, Bytes(datagram).first(100));
  }
  sends.flush();
  while (received < 20 && readable(to.socket.fd())) {
    const std::size_t slots = batch.receive(to.socket.fd(), ReceiveBatch::most_at_once);
    for (std::size_t k = 0; k < slots; ++k) received += batch.datagrams(k).count();
    batch.reset();
  }
  const std::size_t counted = heap_allocations - before;
  CHECK(counted == 0);
  CHECK(received == 20);
}
