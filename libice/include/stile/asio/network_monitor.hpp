#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>

#include "stile/base/instant.hpp"

namespace stile {

/// Tells that the host's addresses, links or routes may have changed; what they are now is asked of
/// local_addresses(). On Linux by netlink, at once; elsewhere it looks each two seconds. Everything
/// happens on the executor, which must run one handler at a time.
class NetworkMonitor {
 public:
  /// `on_change` is not called once the monitor is gone, which it may be destroyed by.
  NetworkMonitor(const boost::asio::any_io_executor& executor, std::function<void()> on_change);
  ~NetworkMonitor();
  NetworkMonitor(const NetworkMonitor&) = delete;
  NetworkMonitor& operator=(const NetworkMonitor&) = delete;

  /// That becomes readable when there is something to tell; -1: there is none, time will tell.
  int descriptor() const;
  /// When it wants to be woken.
  Instant deadline() const;

  /// Limit: between two calls; on a router whose routes change all the time it matters.
  static constexpr Duration pause = std::chrono::milliseconds(100);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace stile
