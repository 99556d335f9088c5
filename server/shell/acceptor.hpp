#pragma once

#include <optional>

#include "server/shell/socket.hpp"

namespace stile::server {

/// Takes connections off listeners. Where there are no more descriptors it closes them: left to
/// wait they would wake the worker again and again.
class Acceptor {
 public:
  static constexpr int at_once = 64;  ///< Limit: accepted of one listener in a wake-up

  Acceptor();

  struct Accepted {
    Descriptor socket;  ///< non-blocking; none: the connection had to be closed
    TransportAddress from;
  };
  /// Nothing: no connection waits.
  std::optional<Accepted> accept(int listener);

 private:
  void refuse(int listener);

  Descriptor spare_;  ///< given up to accept, and close, what there is no other descriptor for
};

}  // namespace stile::server
