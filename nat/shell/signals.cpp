#include "nat/shell/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

namespace stile::nat::shell {

Descriptor take_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  return Descriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::vector<int> read_signals(const Descriptor& signals) {
  std::vector<int> came;
  signalfd_siginfo signal{};
  while (::read(signals.get(), &signal, sizeof signal) == sizeof signal)
    came.push_back(static_cast<int>(signal.ssi_signo));
  return came;
}

}  // namespace stile::nat::shell
