#include "tests/unit/server_shell/stream_server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <array>
#include <stdexcept>

namespace stile::server::test {

namespace {

TransportAddress local_address(int fd) {
  SocketAddress address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.length);
  return address.transport_address();
}

Descriptor listen_anywhere() {
  auto listener = open_tcp_listener({IpAddress::v4(127, 0, 0, 1), 0}, Sharing::alone);
  if (!listener) throw std::runtime_error("cannot listen on the loopback");
  return std::move(*listener);
}

}  // namespace

Caller::Caller(const TransportAddress& server) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  const SocketAddress address(server);
  if (connect(fd(), reinterpret_cast<const sockaddr*>(&address.storage), address.length) != 0)
    throw std::runtime_error("cannot connect over the loopback");
  fcntl(fd(), F_SETFL, O_NONBLOCK);
  const int on = 1;
  setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::size_t Caller::say(Bytes bytes) const {
  const ssize_t count = send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

std::string Caller::hear() {
  std::string all;
  std::array<char, 65'536> buffer;
  for (;;) {
    const ssize_t count = recv(fd(), buffer.data(), buffer.size(), 0);
    if (count == 0 || (count < 0 && errno != EAGAIN)) ended = true;
    if (count <= 0) return all;
    all.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

TransportAddress Caller::local() const {
  return local_address(fd());
}

StreamServer::StreamServer(const ClientLimits& with, std::vector<IpPrefix> balancers)
    : limits(with),
      listener(listen_anywhere()),
      address(local_address(listener.fd())),
      clients(poller, limits, &certificates, std::move(balancers), counters, handler()) {
  poller.add(listener.fd(), {Watched::Kind::stream_listener});
}

ClientHandler StreamServer::handler() {
  return {[this](const FiveTuple& five_tuple, MutableBytes message) {
            messages.emplace_back(five_tuple, as_text(message));
            on_message(five_tuple);
          },
          [this](const FiveTuple& five_tuple) { closed.push_back(five_tuple); },
          [this](const FiveTuple&) { return has_allocation; },
          [this](const IpAddress& client) { return client != denied; }};
}

void StreamServer::run() {
  std::array<epoll_event, 16> events;
  for (;;) {
    const std::size_t count = poller.wait(events, 2);
    for (std::size_t i = 0; i < count; ++i) {
      const Poller::Event event = Poller::read(events[i]);
      if (event.watched.kind == Watched::Kind::stream_listener)
        clients.accept(now, listener.fd(), address);
      else
        clients.handle(now, event);
    }
    clients.flush(now);
    if (count == 0) return;
  }
}

void StreamServer::pass(Duration time) {
  now += time;
  clients.handle_timeout(now);
  run();
}

void StreamServer::connect(Caller& caller, TlsPeer& peer) {
  peer.handshake();
  exchange(caller, peer);
}

void StreamServer::exchange(Caller& caller, TlsPeer& peer) {
  for (bool moved = true; moved;) {
    moved = !peer.wire_out.empty();
    for (const ByteVector& bytes : std::exchange(peer.wire_out, {})) caller.say(bytes);
    run();
    const std::string heard = caller.hear();
    if (heard.empty()) continue;
    peer.receive(as_bytes(heard));
    moved = true;
  }
}

std::string channel_data(std::string_view data) {
  std::string message{'\x40', '\0', static_cast<char>(data.size() >> 8),
                      static_cast<char>(data.size())};
  message += data;
  message.resize((message.size() + 3) & ~std::size_t{3});
  return message;
}

}  // namespace stile::server::test
