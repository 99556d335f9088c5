#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stile/asio/clock.hpp"
#include "stile/asio/network_monitor.hpp"

namespace stile {

namespace {

/// A socket that hears of links, addresses and routes, or -1 where the system gives none.
int open_netlink() {
  const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (fd < 0) return -1;
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups =
      RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

struct NetworkMonitor::Impl : std::enable_shared_from_this<Impl> {
  Impl(const boost::asio::any_io_executor& executor, std::function<void()> what)
      : on_change(std::move(what)), netlink(executor), timer(executor) {
    if (const int fd = open_netlink(); fd >= 0) netlink.assign(fd);
  }

  void wait() {
    if (!netlink.is_open()) return;
    netlink.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [weak = weak_from_this()](boost::system::error_code error) {
                         const auto self = weak.lock();
                         if (error || !self || !self->on_change) return;
                         self->discard();
                         self->tell();
                       });
  }

  void tell() {
    const auto held = on_change;  // it may destroy the monitor
    held();
    if (!on_change) return;
    pausing = true;
    timer.expires_after(pause);
    timer.async_wait([weak = weak_from_this()](boost::system::error_code error) {
      const auto self = weak.lock();
      if (error || !self || !self->on_change) return;
      self->pausing = false;
      self->wait();
    });
  }

  /// What has changed is looked up as a whole, so the messages are not read one by one; that some
  /// were lost (ENOBUFS) is a change as well.
  void discard() {
    std::array<char, 8192> buffer;
    constexpr int messages_per_wake_up = 256;  // Limit: the others wake us again
    for (int i = 0; i < messages_per_wake_up; ++i) {
      const auto size = ::recv(netlink.native_handle(), buffer.data(), buffer.size(), 0);
      if (size < 0 && errno != ENOBUFS && errno != EINTR) return;
    }
  }

  std::function<void()> on_change;
  boost::asio::posix::stream_descriptor netlink;
  boost::asio::steady_timer timer;
  bool pausing = false;
};

NetworkMonitor::NetworkMonitor(const boost::asio::any_io_executor& executor,
                               std::function<void()> on_change)
    : impl_(std::make_shared<Impl>(executor, std::move(on_change))) {
  impl_->wait();
}

NetworkMonitor::~NetworkMonitor() {
  impl_->on_change = {};
  boost::system::error_code ignored;
  impl_->netlink.close(ignored);
  impl_->timer.cancel();
}

Instant NetworkMonitor::deadline() const {
  return impl_->pausing ? instant_of(impl_->timer.expiry()) : never;
}

int NetworkMonitor::descriptor() const {
  return impl_->netlink.is_open() ? impl_->netlink.native_handle() : -1;
}

}  // namespace stile
