#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "stile/asio/clock.hpp"
#include "stile/asio/network_monitor.hpp"

namespace stile {

struct NetworkMonitor::Impl : std::enable_shared_from_this<Impl> {
  Impl(const boost::asio::any_io_executor& executor, std::function<void()> what)
      : on_change(std::move(what)), timer(executor) {}

  void wait() {
    timer.expires_after(std::chrono::seconds(2));
    timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self || !self->on_change) return;
      const auto held = self->on_change;  // it may destroy the monitor
      held();
      if (self->on_change) self->wait();
    });
  }

  std::function<void()> on_change;
  boost::asio::steady_timer timer;
};

NetworkMonitor::NetworkMonitor(const boost::asio::any_io_executor& executor,
                               std::function<void()> on_change)
    : impl_(std::make_shared<Impl>(executor, std::move(on_change))) {
  impl_->wait();
}

NetworkMonitor::~NetworkMonitor() {
  impl_->on_change = {};
  impl_->timer.cancel();
}

int NetworkMonitor::descriptor() const {
  return -1;
}

Instant NetworkMonitor::deadline() const {
  return instant_of(impl_->timer.expiry());
}

}  // namespace stile
