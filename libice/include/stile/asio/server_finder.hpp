#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "stile/base/instant.hpp"
#include "stile/turn/server_search.hpp"

namespace stile {

/// Finds servers by their URIs (turn::ServerSearch) with the system's name servers. Everything
/// happens on the executor, which must run one handler at a time; there is no thread where the
/// library is built with c-ares, and neither SRV nor NAPTR records where it is not.
class ServerFinder {
 public:
  using Handler = std::function<void(std::vector<turn::ServerPlace>)>;

  explicit ServerFinder(boost::asio::any_io_executor executor);
  ~ServerFinder();
  ServerFinder(const ServerFinder&) = delete;
  ServerFinder& operator=(const ServerFinder&) = delete;

  /// The handler gets the places in the order to try them, or none; from the executor, within some
  /// seconds, and not once the finder is gone.
  void find(turn::ServerUri uri, Handler handler);

  // For who waits by something else than the context's run(), and calls its poll().
  void watch_descriptors(std::function<void(int)> watch);
  Instant deadline() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace stile
