#include <fmt/format.h>

#include "server/shell/clock.hpp"
#include "server/shell/file_stamp.hpp"
#include "server/shell/options_users.hpp"
#include "server/shell/reload.hpp"
#include "server/shell/service.hpp"
#include "server/shell/start_error.hpp"

namespace stile::server {

/// All of what is written now is in force afterwards, or nothing of it: then StartError is thrown.
/// The flags that take a restart are told.
std::vector<std::string_view> Service::reload() {
  std::string stamp =
      users_stamp();  // before they are read: what changes then is seen by the next tick
  auto [fresh, kept] = server::reload(options_, read_again_());
  if (certificates_) {
    try {
      certificates_->replace(Certificates(*fresh.certificate));
    } catch (const StartError& error) {
      throw StartError(placed(fresh.settings, error.what()));
    }
  }
  put_in_force(std::move(fresh));
  log_->set(options_.log);
  users_stamp_ = std::move(stamp);
  for (const std::string_view flag : kept)
    say(LogLevel::warning, "restart-needed",
        fmt::format("--{} has another value; it takes a restart", flag));
  say(LogLevel::info, "reloaded", "the configuration is in force");
  return kept;
}

void Service::reload_by_signal() {
  try {
    reload();
  } catch (const StartError& error) {
    say(LogLevel::error, "not-reloaded", fmt::format("{}; nothing has changed", error.what()));
  }
}

void Service::reload_users_if_changed() {
  std::string stamp = users_stamp();
  if (stamp == users_stamp_) return;
  users_stamp_ = std::move(stamp);
  try {
    Options fresh = options_;
    fresh.relay.accounts = stored_users(*fresh.users, fresh.relay.realm);
    put_in_force(std::move(fresh));
    log_->write(steady_now(), LogLevel::info, "users", {{"users", options_.relay.accounts.size()}});
  } catch (const StartError& error) {
    say(LogLevel::error, "not-reloaded",
        fmt::format("{}; the users stay as they were", error.what()));
  }
}

/// SQLite may keep what is new in a file beside it.
std::string Service::users_stamp() const {
  return options_.users ? file_stamp(*options_.users) + " " + file_stamp(*options_.users + "-wal")
                        : "";
}

void Service::put_in_force(Options fresh) {
  options_ = std::move(fresh);
  const auto config = std::make_shared<const relay::Config>(options_.relay);
  workers_.ask([config](Worker& worker) { return worker.configure(config); });
  answer_in_kernel();
}

}  // namespace stile::server
