#pragma once

#include <deque>
#include <functional>

#include "nat/shell/descriptor.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat::shell {

/// One epoll: calls whoever watches a descriptor that has become readable.
class EventLoop {
 public:
  using Handler = std::function<void()>;

  EventLoop();

  /// For as long as `fd` is open. Throws Problem.
  void watch(int fd, Handler handler);
  /// Waits until one is readable, or until `wake`, and then calls the handlers, which find the time
  /// in now(). Throws Problem.
  void wait(Instant wake);

  Instant now() const { return now_; }

 private:
  Descriptor epoll_;
  std::deque<Handler> handlers_;  ///< their addresses stay
  Instant now_;
};

}  // namespace stile::nat::shell
