#include "tests/bench/load/requests.hpp"

#include <stdexcept>

#include "server/shell/clock.hpp"
#include "tests/bench/load/process.hpp"

namespace stile::bench {

using server::steady_now;

namespace {

constexpr std::size_t at_a_time = 16;

double seconds_since(Instant start) {
  return std::chrono::duration<double>(steady_now() - start).count();
}

TransportAddress in_network(const TransportAddress& client, unsigned index) {
  return {IpAddress::v4(client.ip.v4_bits() + (index << 8)), 0};
}

server::Descriptor connected(const TransportAddress& local, const TransportAddress& server) {
  auto socket = server::open_udp(local, server::Sharing::alone, 1 << 16);
  const server::SocketAddress to(server);
  if (!socket ||
      connect(socket->fd(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) != 0)
    throw std::runtime_error("cannot connect from " + local.to_string());
  return std::move(*socket);
}

}  // namespace

RequestCost allocate(const Plan& plan, unsigned count, bool channel) {
  std::vector<std::unique_ptr<TurnClient>> clients;
  for (unsigned i = 0; i < count; ++i)
    clients.push_back(std::make_unique<TurnClient>(plan.client, plan.server, plan.account));
  const std::uint64_t memory = resident_bytes(plan.pid);
  const double cpu = cpu_seconds(plan.pid);
  const double own = thread_seconds();
  const Instant start = steady_now();
  for (std::size_t first = 0; first < clients.size(); first += at_a_time) {
    const std::span some(&clients[first], std::min(at_a_time, clients.size() - first));
    for (auto& client : some) client->ask();
    for (auto& client : some) client->take_challenge();
    for (auto& client : some) client->ask();
    for (auto& client : some) client->take_allocation();
    if (!channel) continue;
    for (auto& client : some) client->bind({0x4000}, plan.peer);
  }
  RequestCost cost{count, seconds_since(start), cpu_seconds(plan.pid) - cpu, thread_seconds() - own,
                   0};
  const std::uint64_t now = resident_bytes(plan.pid);
  cost.resident_bytes = now > memory ? now - memory : 0;
  for (auto& client : clients) client->release();
  return cost;
}

RequestCost binding(const Plan& plan, unsigned prefixes) {
  std::array<std::uint8_t, 20> request;
  stun::MessageBuilder(request, stun::Class::request, stun::Method::binding, {}).finish();
  std::vector<server::Descriptor> sockets;
  server::Poller poller;
  for (unsigned i = 0; i < prefixes; ++i) {
    sockets.push_back(connected(in_network(plan.client, i), plan.server));
    poller.add(sockets.back().fd(), {server::Watched::Kind::udp_listener, i});
  }
  const auto ask = [&](std::size_t i) {
    send(sockets[i].fd(), request.data(), request.size(), MSG_DONTWAIT);
  };
  RequestCost cost;
  const double cpu = cpu_seconds(plan.pid);
  const double own = thread_seconds();
  const Instant start = steady_now();
  for (std::size_t i = 0; i < sockets.size(); ++i) ask(i);
  std::array<epoll_event, 256> events;
  std::array<std::uint8_t, 512> answer;
  while (seconds_since(start) < plan.seconds) {
    const std::size_t count = poller.wait(events, 10);
    for (std::size_t e = 0; e < count; ++e) {
      const std::size_t i = server::Poller::read(events[e]).watched.index;
      if (recv(sockets[i].fd(), answer.data(), answer.size(), MSG_DONTWAIT) <= 0) continue;
      ++cost.answers;
      ask(i);
    }
  }
  cost.seconds = seconds_since(start);
  cost.cpu_seconds = cpu_seconds(plan.pid) - cpu;
  cost.load_seconds = thread_seconds() - own;
  return cost;
}

}  // namespace stile::bench
