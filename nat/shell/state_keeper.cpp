#include "nat/shell/state_keeper.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "nat/shell/problem.hpp"
#include "nat/shell/state_file.hpp"

namespace stile::nat::shell {

StateKeeper::StateKeeper(std::string path, Duration interval, Instant now, Describe describe)
    : path_(std::move(path)),
      interval_(interval),
      next_(interval == Duration::zero() ? never : now + interval),
      describe_(std::move(describe)) {}

StateKeeper::~StateKeeper() {
  await_child(Patience::until_done);
}

void StateKeeper::handle_due(Instant now) {
  if (next_ > now) return;
  next_ = now + interval_;
  await_child(Patience::none);
  // One that takes longer than the interval is the newest there can be.
  if (child_ == 0) fork_child();
}

void StateKeeper::fork_child() {
  const pid_t child = ::fork();
  if (child < 0) ++lost_;
  if (child > 0) child_ = child;
  if (child != 0) return;
  try {
    write_state(path_, describe_());
  } catch (...) {
    ::_exit(1);
  }
  ::_exit(0);
}

void StateKeeper::await_child(Patience patience) {
  if (child_ == 0) return;
  int status = 0;
  if (::waitpid(child_, &status, patience == Patience::none ? WNOHANG : 0) == 0) return;
  child_ = 0;
  if (status != 0) ++lost_;
}

void StateKeeper::save() {
  await_child(Patience::until_done);
  write_state(path_, describe_());
}

}  // namespace stile::nat::shell
