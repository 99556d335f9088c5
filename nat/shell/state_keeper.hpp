#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

#include "stile/base/instant.hpp"

namespace stile::nat::shell {

/// Writes the state file again and again, by a child of this process, which has the tables as they
/// were at that moment: packets need not wait for it. Who is killed loses no more than the time
/// since the last one.
class StateKeeper {
 public:
  using Describe = std::function<std::string()>;

  /// `interval` 0: only when it is told to.
  StateKeeper(std::string path, Duration interval, Instant now, Describe describe);
  /// Awaits the child.
  ~StateKeeper();
  StateKeeper(const StateKeeper&) = delete;
  StateKeeper& operator=(const StateKeeper&) = delete;

  Instant poll_timeout() const { return next_; }
  void handle_due(Instant now);
  /// At once. Throws Problem.
  void save();
  /// Files that could not be written while it ran.
  std::uint64_t files_lost() const { return lost_; }

 private:
  enum class Patience : std::uint8_t { none, until_done };
  void await_child(Patience patience);
  void fork_child();

  std::string path_;
  Duration interval_;
  Instant next_;
  Describe describe_;
  pid_t child_ = 0;  ///< that writes; 0: none
  std::uint64_t lost_ = 0;
};

}  // namespace stile::nat::shell
