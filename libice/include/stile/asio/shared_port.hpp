#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "stile/ice/mux.hpp"

namespace stile::ice {

/// One UDP port that many sessions share: a socket for each local address that a session wants, and
/// a Mux that tells whose each datagram is. Everything happens on the executor, which must run one
/// handler at a time and be that of the sessions. It may go before its sessions: they keep what
/// they need.
///
/// Limits: see Mux. A session has one stream of one component there (a=rtcp-mux), and no TURN
/// server over UDP; the others it reaches by connections of its own.
class SharedPort {
 public:
  /// `port` 0: the first session's socket decides. Opens nothing yet.
  explicit SharedPort(boost::asio::any_io_executor executor, std::uint16_t port = 0,
                      MuxLimits limits = {});
  ~SharedPort();
  SharedPort(SharedPort&&) noexcept;
  SharedPort& operator=(SharedPort&&) noexcept;

  /// 0: not yet known.
  std::uint16_t port() const;
  /// Of all addresses together.
  MuxCounters counters() const;
  /// Sessions that use it.
  std::size_t size() const;

  struct Impl;

 private:
  friend class Session;
  std::shared_ptr<Impl> impl_;
};

}  // namespace stile::ice
