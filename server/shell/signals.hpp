#pragma once

#include <optional>

#include "server/shell/socket.hpp"

namespace stile::server {

/// SIGTERM, SIGINT and SIGHUP, to be read when their time has come. They are blocked from here on,
/// also in threads that start later.
class Signals {
 public:
  Signals();
  /// Readable when there is one.
  int fd() const { return signals_.fd(); }
  std::optional<int> take();

 private:
  Descriptor signals_;
};

}  // namespace stile::server
