#pragma once

#include "stile/base/instant.hpp"

namespace stile::nat::shell {

/// What runs beside the translation, in the gateway's loop, over sockets of its own.
class Service {
 public:
  virtual ~Service() = default;
  /// Readable when there is something to do.
  virtual int fd() const = 0;
  virtual void handle_ready(Instant now) = 0;
  /// What the time asks for; called at poll_timeout() or earlier.
  virtual void handle_due(Instant) {}
  virtual Instant poll_timeout() const { return never; }
};

}  // namespace stile::nat::shell
