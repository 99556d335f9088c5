#include "server/shell/start.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "server/shell/start_error.hpp"

namespace stile::server {

namespace {

constexpr int listener_buffer_bytes = 4 << 20;
// Limit: of the clients that share the address one in so many suffers when another one floods.
constexpr int queues_per_listener = 8;

[[noreturn]] void refuse(const TransportAddress& address, const char* transport, int error) {
  const char* advice = "choose another address with --listen";
  if (error == EADDRINUSE)
    advice = "another program has this port; stop it or choose another with --listen";
  if (error == EADDRNOTAVAIL) advice = "this machine does not have the address; see ip address";
  if (error == EACCES) advice = "ports below 1024 need root or CAP_NET_BIND_SERVICE";
  throw StartError(fmt::format("cannot listen on {} ({}): {}; {}", address.to_string(), transport,
                               std::strerror(error), advice));
}

int receive_buffer_bytes(int fd) {
  int bytes = 0;
  socklen_t size = sizeof bytes;
  getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &size);
  return bytes / 2;  // socket(7): the kernel doubles what is asked for
}

/// SO_REUSEPORT would let a second server of the same user share our port unnoticed, so it is tried
/// without first.
void require_free(const TransportAddress& address) {
  if (const auto udp = open_udp(address, Sharing::alone, listener_buffer_bytes); !udp)
    refuse(address, "UDP", udp.error());
  if (const auto tcp = open_tcp_listener(address, Sharing::alone); !tcp)
    refuse(address, "TCP", tcp.error());
}

std::vector<Descriptor> open_queues(const TransportAddress& address) {
  std::vector<Descriptor> queues;
  for (int i = 0; i < queues_per_listener; ++i) {
    auto udp = open_udp(address, Sharing::port, listener_buffer_bytes);
    if (!udp) refuse(address, "UDP", udp.error());
    queues.push_back(std::move(*udp));
  }
  return queues;
}

}  // namespace

std::vector<std::shared_ptr<Inbox>> open_inboxes(unsigned workers) {
  std::vector<std::shared_ptr<Inbox>> inboxes(workers);
  for (auto& inbox : inboxes) inbox = std::make_shared<Inbox>();
  return inboxes;
}

std::vector<Listeners> open_listeners(const std::vector<TransportAddress>& addresses,
                                      unsigned workers) {
  for (const TransportAddress& address : addresses) require_free(address);
  std::vector<Listeners> all(workers);
  for (Listeners& listeners : all) {
    for (const TransportAddress& address : addresses) {
      auto tcp = open_tcp_listener(address, Sharing::port);
      if (!tcp) refuse(address, "TCP", tcp.error());
      listeners.all.push_back({address, open_queues(address), std::move(*tcp)});
    }
  }
  return all;
}

std::optional<std::string> advice_on_buffers() {
  const auto like_a_listener =
      open_udp({IpAddress::v4(0), 0}, Sharing::alone, listener_buffer_bytes);
  const int granted =
      like_a_listener ? receive_buffer_bytes(like_a_listener->fd()) : listener_buffer_bytes;
  if (granted >= listener_buffer_bytes) return std::nullopt;
  return fmt::format(
      "the kernel keeps {} bytes for a listener, bursts beyond that are lost; sysctl -w "
      "net.core.rmem_max={}",
      granted, listener_buffer_bytes);
}

void require_relay_addresses(const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : addresses) {
    const auto socket = open_udp({address, 0}, Sharing::alone, listener_buffer_bytes);
    if (socket) continue;
    const char* advice = socket.error() == EADDRNOTAVAIL
                             ? "this machine does not have it; behind a 1:1 NAT give the inner "
                               "address and --external-address"
                             : "choose another address with --relay-address";
    throw StartError(fmt::format("cannot relay from {}: {}; {}", address.to_string(),
                                 std::strerror(socket.error()), advice));
  }
}

ClientLimits client_limits(const Options& options) {
  rlimit descriptors{};
  std::size_t all = options.connections.all;
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0)
    all = std::min<std::size_t>(all, descriptors.rlim_cur / 2);
  const auto part = [&](std::size_t whole) {
    return (whole + options.threads - 1) / options.threads;
  };
  ClientLimits limits;
  limits.connections = {part(all), part(options.connections.per_prefix)};
  return limits;
}

}  // namespace stile::server
