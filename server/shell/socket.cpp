#include "server/shell/socket.hpp"

#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "server/shell/ip_options.hpp"

namespace stile::server {

namespace {

constexpr int backlog = 1024;

void set(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

std::expected<Descriptor, int> open_bound(const TransportAddress& local, int type,
                                          Sharing sharing) {
  const SocketAddress address(local);
  Descriptor socket(::socket(address.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return std::unexpected(errno);
  if (local.ip.is_v6()) set(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (sharing == Sharing::port) set(socket.fd(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (type == SOCK_STREAM) set(socket.fd(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (bind(socket.fd(), address.get(), address.length) != 0) return std::unexpected(errno);
  return socket;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

std::expected<Descriptor, int> open_udp(const TransportAddress& local, Sharing sharing,
                                        int buffer_bytes) {
  auto socket = open_bound(local, SOCK_DGRAM, sharing);
  if (!socket) return socket;
  // The forced forms pass the system's limit where we may; else the limit holds.
  for (const auto& [forced, plain] :
       {std::pair{SO_RCVBUFFORCE, SO_RCVBUF}, std::pair{SO_SNDBUFFORCE, SO_SNDBUF}})
    if (setsockopt(socket->fd(), SOL_SOCKET, forced, &buffer_bytes, sizeof buffer_bytes) != 0)
      set(socket->fd(), SOL_SOCKET, plain, buffer_bytes);
  pass_on_ip_fields(socket->fd(), local.ip.family());
  set(socket->fd(), SOL_UDP, UDP_GRO,
      1);  // where the kernel does not know it, datagrams come one by one
  return socket;
}

std::expected<Descriptor, int> open_tcp_listener(const TransportAddress& local, Sharing sharing) {
  auto socket = open_bound(local, SOCK_STREAM, sharing);
  if (socket && listen(socket->fd(), backlog) != 0) return std::unexpected(errno);
  return socket;
}

std::expected<Descriptor, int> open_relay_listener(const TransportAddress& local) {
  auto socket = open_tcp_listener(local, Sharing::alone);
  // Set only now: nobody else has the port, and from here on whoever sets it too may bind to it.
  if (socket) set(socket->fd(), SOL_SOCKET, SO_REUSEPORT, 1);
  return socket;
}

std::expected<Descriptor, int> connect_tcp(int relay_listener, const TransportAddress& peer) {
  SocketAddress local;
  if (getsockname(relay_listener, local.get(), &local.length) != 0) return std::unexpected(errno);
  auto socket = open_bound(local.transport_address(), SOCK_STREAM, Sharing::port);
  if (!socket) return socket;
  const SocketAddress to(peer);
  const int result = connect(socket->fd(), to.get(), to.length);
  if (result != 0 && errno != EINPROGRESS) return std::unexpected(errno);
  return socket;
}

std::uint64_t lost_datagrams(int fd) {
  std::array<std::uint32_t, SK_MEMINFO_VARS> figures{};
  socklen_t size = sizeof figures;
  return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, &figures, &size) == 0 ? figures[SK_MEMINFO_DROPS]
                                                                      : 0;
}

int take_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace stile::server
