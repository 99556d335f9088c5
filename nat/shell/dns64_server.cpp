#include "nat/shell/dns64_server.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>

#include "control/socket_address.hpp"
#include "nat/shell/datagram_socket.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

constexpr std::uint16_t dns_port = 53;
// Limit: what is read at one time, so that the packets have their turn.
constexpr int batch = 64;
using Buffer = std::array<std::uint8_t, 4096>;

Descriptor bound_socket(const IpAddress& address) {
  Descriptor fd(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const control::SocketAddress at({address, dns_port});
  if (!fd || ::bind(fd.get(), at.get(), at.length) != 0)
    throw Problem(with_errno("listening for name queries at " + address.to_string()));
  return fd;
}

void watch(const Descriptor& epoll, const Descriptor& fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &event) != 0)
    throw Problem(with_errno("epoll"));
}

}  // namespace

Dns64Server::Dns64Server(const IpAddress& inside, const TransportAddress& resolver,
                         const Prefix64& prefix, Random& random)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      clients_(bound_socket(inside)),
      resolver_(connected_datagram_socket(resolver)),
      dns64_({prefix, {}}, random) {
  if (!resolver_) throw Problem(with_errno("asking the resolver " + resolver.to_string()));
  watch(epoll_, clients_);
  watch(epoll_, resolver_);
}

void Dns64Server::handle_ready(Instant now) {
  read_queries(now);
  read_answers(now);
}

void Dns64Server::read_queries(Instant now) {
  Buffer buffer;
  for (int i = 0; i < batch; ++i) {
    control::SocketAddress from;
    const ssize_t length =
        ::recvfrom(clients_.get(), buffer.data(), buffer.size(), 0, from.get(), &from.length);
    if (length < 0) return;
    dns64_.handle_query(now, from.transport_address(),
                        Bytes(buffer).first(static_cast<std::size_t>(length)));
    drain();
  }
}

void Dns64Server::read_answers(Instant now) {
  Buffer buffer;
  for (int i = 0; i < batch; ++i) {
    const ssize_t length = ::recv(resolver_.get(), buffer.data(), buffer.size(), 0);
    if (length < 0) return;
    dns64_.handle_answer(now, Bytes(buffer).first(static_cast<std::size_t>(length)));
    drain();
  }
}

/// What cannot be sent is asked for again by whoever waits for it.
void Dns64Server::drain() {
  while (const auto output = dns64_.poll_output()) {
    if (const auto* query = std::get_if<Dns64::ToResolver>(&*output)) {
      static_cast<void>(
          ::send(resolver_.get(), query->message.data(), query->message.size(), MSG_NOSIGNAL));
      continue;
    }
    const auto& answer = std::get<Dns64::ToClient>(*output);
    const control::SocketAddress to(answer.client);
    static_cast<void>(::sendto(clients_.get(), answer.message.data(), answer.message.size(),
                               MSG_NOSIGNAL, to.get(), to.length));
  }
}

}  // namespace stile::nat::shell
