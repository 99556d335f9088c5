#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/server.hpp"
#include "server/shell/inbox.hpp"
#include "server/shell/log.hpp"
#include "server/shell/socket.hpp"
#include "stile/base/instant.hpp"

namespace stile::server {

/// Answers `stile-server ctl` on a thread of its own: `list`, `stats`, `show RELAYED`, `close
/// RELAYED`.
class Control {
 public:
  /// Throws control::Error if the socket cannot be had.
  Control(const std::string& path, std::vector<std::shared_ptr<Inbox>> inboxes);
  ~Control();

 private:
  void run();
  std::string answer(std::string_view line) const;
  std::string list() const;
  std::string stats() const;
  std::string show(const TransportAddress& relayed) const;
  std::string close(const TransportAddress& relayed) const;

  std::vector<std::shared_ptr<Inbox>> inboxes_;
  Instant started_;
  control::Server server_;
  Descriptor stop_;
  std::jthread thread_;
};

/// For `--control`; null if that is empty. Who has not asked for one goes without where another server has the
/// default's name. Throws StartError.
std::unique_ptr<Control> open_control(const std::string& path, const std::vector<std::shared_ptr<Inbox>>& inboxes,
                                      Log& log);

}  // namespace stile::server
