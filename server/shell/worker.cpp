#include "server/shell/worker.hpp"

#include <sys/prctl.h>

#include <array>
#include <chrono>
#include <ctime>

#include "server/shell/clock.hpp"

namespace stile::server {

namespace {

constexpr std::size_t events_per_wake_up = 256;
constexpr unsigned long timer_slack_nanoseconds = 1000;  ///< else a pause takes 50 us longer

int milliseconds_until(Instant when, Instant now) {
  if (when == never) return -1;
  if (when <= now) return 0;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(when - now).count();
  return static_cast<int>(std::min<std::int64_t>(wait, 60'000));
}

void sleep_for(Duration pause) {
  const timespec time{0, std::chrono::duration_cast<std::chrono::nanoseconds>(pause).count()};
  nanosleep(&time, nullptr);
}

}  // namespace

Worker::Worker(const Shared& shared, Listeners listeners, std::uint32_t number)
    : shared_(shared),
      number_(number),
      relay_(shared_.config, random_, shared_.resources,
             {number, static_cast<std::uint32_t>(shared_.inboxes.size())}),
      listeners_(std::move(listeners)),
      streams_(poller_, shared_.clients, shared_.certificates, shared_.balancers, client_counters_,
               client_handler()),
      dtls_(dtls_clients()),
      peers_(poller_, peer_handler()),
      kernel_flows_(kernel_flows()),
      inbox_(*shared_.inboxes[number]) {
  for (std::uint32_t i = 0; i < listeners_.all.size(); ++i) {
    const auto& listener = listeners_.all[i];
    udp_by_address_[listener.address] = listener.udp.front().fd();
    for (std::uint32_t queue = 0; queue < listener.udp.size(); ++queue)
      poller_.add(listener.udp[queue].fd(), {Watched::Kind::udp_listener, i, queue});
    poller_.add(listener.tcp.fd(), {Watched::Kind::stream_listener, i});
  }
}

void Worker::run(int wake_fd, const std::atomic<bool>& stop) {
  poller_.add(wake_fd, {Watched::Kind::wake});
  poller_.add(inbox_.fd(), {Watched::Kind::inbox});
  prctl(PR_SET_TIMERSLACK, timer_slack_nanoseconds);
  std::array<epoll_event, events_per_wake_up> events;
  while (!stop) {
    if (const Duration pause = pace_.pause(steady_now()); pause > Duration::zero())
      sleep_for(pause);
    const Instant before = steady_now();
    const std::size_t count = poller_.wait(events, milliseconds_until(poll_timeout(), before));
    now_ = steady_now();
    pace_.woken(before, now_, count);
    for (std::size_t i = 0; i < count; ++i) dispatch(Poller::read(events[i]));
    if (poll_timeout() <= now_) handle_timeout();
    flush_datagrams();
    streams_.flush(now_);
  }
}

Instant Worker::poll_timeout() const {
  const Instant clients = std::min(streams_.poll_timeout(), dtls_ ? dtls_->poll_timeout() : never);
  const Instant flows = kernel_flows_ ? kernel_flows_->poll_timeout() : never;
  return std::min({relay_.poll_timeout(), clients, peers_.poll_timeout(), flows});
}

void Worker::handle_timeout() {
  relay_.handle_timeout(now_);
  drain();
  streams_.handle_timeout(now_);
  if (dtls_) dtls_->handle_timeout(now_);
  peers_.handle_timeout(now_);
  if (kernel_flows_) kernel_flows_->handle_timeout();
}

void Worker::dispatch(const Poller::Event& event) {
  const auto [kind, index, generation] = event.watched;
  switch (kind) {
    case Watched::Kind::wake:
      return;
    case Watched::Kind::udp_listener:
      return read_udp_listener(index, generation);
    case Watched::Kind::stream_listener:
      return streams_.accept(now_, listeners_.all[index].tcp.fd(), listeners_.all[index].address);
    case Watched::Kind::stream_client:
      streams_.handle(now_, event);
      return sends_.flush();  // what was read is gone with the next read
    case Watched::Kind::relay_socket:
      if (event.broken) read_peer_errors(index, generation);
      if (event.readable) read_relay_socket(index, generation);
      return;
    case Watched::Kind::relay_listener:
      return accept_peers({index, generation});
    case Watched::Kind::peer_connection:
    case Watched::Kind::data_client:
      return peers_.handle(now_, event);
    case Watched::Kind::inbox:
      return take_parcels();
  }
}

}  // namespace stile::server
