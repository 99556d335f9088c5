#include "tests/bench/load/traffic.hpp"

#include <array>
#include <cstring>
#include <stdexcept>

#include "server/shell/clock.hpp"
#include "tests/bench/load/burst.hpp"
#include "tests/bench/load/process.hpp"

namespace stile::bench {

using server::steady_now;
using server::Watched;

namespace {

constexpr int buffer_bytes = 8 << 20;
constexpr std::size_t header_size = stun::channel_data_header_size;
constexpr unsigned most_shots_at_once = 32;
constexpr unsigned flood_burst = 32;
constexpr auto settling = std::chrono::milliseconds(300);
constexpr stun::ChannelNumber first_channel{0x4000};

server::Descriptor open(const TransportAddress& local) {
  auto socket = server::open_udp(local, server::Sharing::alone, buffer_bytes);
  if (!socket) throw std::runtime_error("cannot bind " + local.to_string());
  return std::move(*socket);
}

/// CoreClock's microseconds are too coarse for delays.
std::int64_t nanoseconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

stun::ChannelNumber channel_of(unsigned index) {
  return {static_cast<std::uint16_t>(first_channel.value + index)};
}

}  // namespace

Traffic::Traffic(const Plan& plan)
    : plan_(plan), peer_(open(plan.peer)), datagram_(header_size + plan.bytes) {
  poller_.add(peer_.fd(), {Watched::Kind::relay_socket});
  for (unsigned i = 0; i < plan_.clients; ++i) add_client(i);
}

void Traffic::add_client(unsigned index) {
  Sender client;
  if (plan_.carrier == Carrier::relay) {
    client.turn = std::make_unique<TurnClient>(plan_.client, plan_.server, plan_.account);
    client.turn->allocate();
    client.turn->bind(channel_of(index), plan_.peer);
    client.relayed = server::SocketAddress(client.turn->relayed());
  } else {
    client.direct = open(plan_.client);
    const bool straight = plan_.carrier == Carrier::nobody;
    const server::SocketAddress to(straight ? plan_.peer : plan_.server);
    if (connect(client.direct.fd(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) != 0)
      throw std::runtime_error("cannot connect");
    getsockname(client.direct.fd(), reinterpret_cast<sockaddr*>(&client.relayed.storage),
                &client.relayed.length);
    if (!straight)
      client.relayed = server::SocketAddress(
          {plan_.server.ip, static_cast<std::uint16_t>(plan_.server.port + 1 + index)});
  }
  poller_.add(client.fd(), {Watched::Kind::udp_listener, index});
  clients_.push_back(std::move(client));
}

Result Traffic::run() {
  // The forwarder learns its clients from what they send.
  for (unsigned i = 0; i < plan_.clients; ++i) shoot(i, true, 1);
  const Instant warm = steady_now() + settling;
  while (steady_now() < warm) receive(false);
  result_ = {};
  for (Sender& client : clients_) client.sent = client.legs = 0;

  const double cpu = cpu_seconds(plan_.pid);
  const Instant start = steady_now();
  const Instant end =
      start + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(plan_.seconds));
  for (Instant now = start; now < end; now = steady_now()) {
    const double before = thread_seconds();
    const std::uint64_t shots = shots_;
    shoot_due(start, now);
    const bool received = receive(true);
    if (received || shots_ != shots || plan_.flooder)
      result_.load_seconds += thread_seconds() - before;
  }
  const Instant settled = steady_now() + settling;
  while (steady_now() < settled) {
    const double before = thread_seconds();
    if (receive(false)) result_.load_seconds += thread_seconds() - before;
  }
  result_.cpu_seconds = cpu_seconds(plan_.pid) - cpu;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    result_.sent += clients_[i].sent;
    result_.legs += clients_[i].legs;
    if (i > 0) result_.others_sent += clients_[i].sent, result_.others_legs += clients_[i].legs;
  }
  return std::move(result_);
}

/// In turns: the first client, its peer, the second client, its peer. Who has fallen behind does
/// not catch up at once.
void Traffic::shoot_due(Instant start, Instant now) {
  const double elapsed = std::chrono::duration<double>(now - start).count();
  const double due = plan_.legs_per_second > 0 ? elapsed * plan_.legs_per_second / plan_.burst -
                                                     static_cast<double>(shots_)
                                               : most_shots_at_once;
  const auto shots = static_cast<unsigned>(std::min<double>(due, most_shots_at_once));
  for (unsigned i = 0; i < shots; ++i, ++shots_) {
    const auto index = static_cast<unsigned>(shots_ / 2 % clients_.size());
    if (!(plan_.flooder && index == 0)) shoot(index, shots_ % 2 == 0, plan_.burst);
  }
  if (plan_.flooder) shoot(0, true, flood_burst);
}

/// The data begins with when it was sent, and of which client it is; upstream behind the
/// ChannelData header.
void Traffic::shoot(unsigned index, bool upstream, unsigned count) {
  const std::int64_t now = nanoseconds();
  std::memcpy(&datagram_[header_size], &now, sizeof now);
  std::memcpy(&datagram_[header_size + sizeof now], &index, sizeof index);
  Sender& client = clients_[index];
  const Bytes whole = datagram_;
  if (upstream) {
    stun::ChannelData::write_header(datagram_.data(), channel_of(index), plan_.bytes);
    const bool headed = plan_.carrier != Carrier::nobody;
    client.sent += send_burst(client.fd(), nullptr, whole.subspan(headed ? 0 : header_size), count,
                              plan_.joined);
  } else {
    client.sent +=
        send_burst(peer_.fd(), &client.relayed, whole.subspan(header_size), count, plan_.joined);
  }
}

bool Traffic::receive(bool in_time) {
  std::array<epoll_event, 128> events;
  const std::size_t count = poller_.wait(events, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const Watched watched = server::Poller::read(events[i]).watched;
    const bool at_peer = watched.kind == Watched::Kind::relay_socket;
    const bool headed = !at_peer && plan_.carrier != Carrier::nobody;
    receive_at(at_peer ? peer_.fd() : clients_[watched.index].fd(), headed ? header_size : 0,
               in_time);
  }
  return count > 0;
}

void Traffic::receive_at(int fd, std::size_t header, bool in_time) {
  batch_.reset();
  const std::size_t slots = batch_.receive(fd, server::ReceiveBatch::most_at_once);
  const std::int64_t now = nanoseconds();
  for (std::size_t k = 0; k < slots; ++k) {
    const server::Segments datagrams = batch_.datagrams(k);
    for (std::size_t j = 0; j < datagrams.count(); ++j) {
      const MutableBytes datagram = datagrams[j];
      std::int64_t sent = 0;
      unsigned index = 0;
      if (datagram.size() != header + plan_.bytes) continue;
      std::memcpy(&sent, &datagram[header], sizeof sent);
      std::memcpy(&index, &datagram[header + sizeof sent], sizeof index);
      if (index >= clients_.size()) continue;
      ++clients_[index].legs;
      result_.legs_in_time += in_time;
      if (!(plan_.flooder && index == 0)) result_.delays.add(now - sent);
    }
  }
}

}  // namespace stile::bench
