#include "nat/shell/health_checks.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "control/socket_address.hpp"
#include "nat/packet/icmp.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

constexpr std::uint64_t pings = ~std::uint64_t{0};  ///< in place of a server's index

std::uint16_t own_identifier() {
  return static_cast<std::uint16_t>(::getpid());
}

void watch(int epoll, int fd, std::uint32_t what, std::uint64_t who) {
  epoll_event event{};
  event.events = what;
  event.data.u64 = who;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) throw Problem(with_errno("epoll"));
}

}  // namespace

HealthChecks::HealthChecks(const std::vector<Balancer>& balancers, Duration interval, Report report)
    : interval_(interval), report_(std::move(report)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (const Balancer& balancer : balancers) {
    for (const Balancer::Server& server : balancer.servers) {
      Server& added = servers_.emplace_back();
      added.address = server.inside;
      added.protocol = balancer.protocol;
    }
  }
  if (std::ranges::count(servers_, Protocol::udp, &Server::protocol) == 0) return;
  ping_socket_ =
      Descriptor(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP));
  if (!ping_socket_) throw Problem(with_errno("opening a socket for pings"));
  watch(epoll_.get(), ping_socket_.get(), EPOLLIN, pings);
}

void HealthChecks::handle_due(Instant now) {
  if (next_round_ > now) return;
  const bool is_first = next_round_ == Instant{};
  next_round_ = now + interval_;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (!is_first) settle(now, servers_[i]);
    begin_check(now, i);
  }
}

void HealthChecks::begin_check(Instant now, std::size_t index) {
  servers_[index].has_answered = false;
  if (servers_[index].protocol == Protocol::udp)
    ping(index);
  else
    connect(now, index);
}

void HealthChecks::connect(Instant now, std::size_t index) {
  Server& server = servers_[index];
  server.connection = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!server.connection) return;
  const control::SocketAddress to(server.address);
  const int failed = ::connect(server.connection.get(), to.get(), to.length);
  if (failed == 0) return answered(now, server);
  if (errno == EINPROGRESS) watch(epoll_.get(), server.connection.get(), EPOLLOUT, index);
}

void HealthChecks::ping(std::size_t index) {
  std::array<std::uint8_t, IcmpView::header_length> message{icmp_type::echo};
  store_u16(message.data() + 4, own_identifier());
  store_u16(message.data() + 6, static_cast<std::uint16_t>(index));
  store_u16(message.data() + 2, internet_checksum(message));
  const control::SocketAddress to(servers_[index].address);
  // One that is not sent is not answered, which is told then.
  static_cast<void>(
      ::sendto(ping_socket_.get(), message.data(), message.size(), 0, to.get(), to.length));
}

void HealthChecks::handle_ready(Instant now) {
  std::array<epoll_event, 16> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t who = events[static_cast<std::size_t>(i)].data.u64;
    if (who == pings) {
      read_pings(now);
      continue;
    }
    Server& server = servers_[static_cast<std::size_t>(who)];
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(server.connection.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    server.connection = Descriptor();
    if (error == 0) answered(now, server);
  }
}

void HealthChecks::read_pings(Instant now) {
  std::array<std::uint8_t, 1500> buffer;
  for (;;) {
    const ssize_t length = ::recv(ping_socket_.get(), buffer.data(), buffer.size(), 0);
    if (length <= 0) return;
    const auto packet = Ipv4View::parse(Bytes(buffer).first(static_cast<std::size_t>(length)));
    const auto icmp = packet ? IcmpView::parse(packet->payload()) : std::nullopt;
    if (!icmp || icmp->type() != icmp_type::echo_reply || icmp->identifier() != own_identifier() ||
        icmp->sequence() >= servers_.size())
      continue;
    Server& server = servers_[icmp->sequence()];
    if (server.address.ip == IpAddress::v4(packet->source())) answered(now, server);
  }
}

void HealthChecks::answered(Instant now, Server& server) {
  server.has_answered = true;
  server.failures = 0;
  if (!server.is_well) report_(now, server.address, true);
  server.is_well = true;
}

void HealthChecks::settle(Instant now, Server& server) {
  server.connection = Descriptor();
  if (server.has_answered || ++server.failures < failures_to_ill) return;
  if (server.is_well) report_(now, server.address, false);
  server.is_well = false;
}

}  // namespace stile::nat::shell
