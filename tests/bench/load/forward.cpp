#include "tests/bench/load/forward.hpp"

#include <sys/epoll.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "server/shell/socket.hpp"
#include "stile/stun/channel_data.hpp"

namespace stile::bench {

using server::Descriptor;
using server::SocketAddress;

namespace {

constexpr int buffer_bytes = 1 << 20;
constexpr std::size_t header_size = stun::channel_data_header_size;
constexpr std::uint16_t first_channel = 0x4000;

/// Without what stile-server's sockets are asked for beyond that.
Descriptor open_plain(const TransportAddress& local) {
  const SocketAddress address(local);
  Descriptor socket(::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_NONBLOCK, 0));
  setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer_bytes, sizeof buffer_bytes);
  if (bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0)
    throw std::runtime_error("cannot bind " + local.to_string());
  return socket;
}

struct Forwarder {
  struct Relay {
    Descriptor socket;
    SocketAddress client;
  };
  void to_peer() {
    SocketAddress from;
    const auto size = receive(listener.fd(), buffer.data(), buffer.size(), from);
    if (size < header_size) return;
    const std::size_t index = std::size_t{load_u16(buffer.data())} - first_channel;
    if (index >= relays.size()) return;
    relays[index].client = from;
    send(relays[index].socket.fd(), buffer.data() + header_size, size - header_size, peer);
  }
  void to_client(std::size_t index) {
    SocketAddress from;
    const auto size = receive(relays[index].socket.fd(), buffer.data() + header_size,
                              buffer.size() - header_size, from);
    const auto channel = static_cast<std::uint16_t>(first_channel + index);
    stun::ChannelData::write_header(buffer.data(), {channel}, size);
    send(listener.fd(), buffer.data(), header_size + size, relays[index].client);
  }
  static std::size_t receive(int fd, std::uint8_t* into, std::size_t room, SocketAddress& from) {
    const auto size =
        recvfrom(fd, into, room, 0, reinterpret_cast<sockaddr*>(&from.storage), &from.length);
    return size < 0 ? 0 : static_cast<std::size_t>(size);
  }
  static void send(int fd, const std::uint8_t* bytes, std::size_t size, const SocketAddress& to) {
    sendto(fd, bytes, size, 0, reinterpret_cast<const sockaddr*>(&to.storage), to.length);
  }

  Descriptor listener;
  SocketAddress peer;
  std::vector<Relay> relays;
  std::array<std::uint8_t, 65'536> buffer;
};

}  // namespace

void forward(const TransportAddress& listen, const TransportAddress& peer, unsigned clients) {
  Forwarder forwarder{open_plain(listen), SocketAddress(peer), {}, {}};
  const Descriptor epoll(epoll_create1(0));
  const auto watch = [&](int fd, std::uint32_t tag) {
    epoll_event event{EPOLLIN, {.u32 = tag}};
    epoll_ctl(epoll.fd(), EPOLL_CTL_ADD, fd, &event);
  };
  watch(forwarder.listener.fd(), clients);
  for (std::uint32_t i = 0; i < clients; ++i) {
    const auto port = static_cast<std::uint16_t>(listen.port + 1 + i);
    forwarder.relays.push_back({open_plain({listen.ip, port}), {}});
    watch(forwarder.relays.back().socket.fd(), i);
  }
  std::array<epoll_event, 256> events;
  while (true) {
    const int count = epoll_wait(epoll.fd(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const std::uint32_t tag = events[static_cast<std::size_t>(i)].data.u32;
      if (tag == clients)
        forwarder.to_peer();
      else
        forwarder.to_client(tag);
    }
  }
}

}  // namespace stile::bench
