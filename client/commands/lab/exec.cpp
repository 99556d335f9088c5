#include "client/commands/lab/exec.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace stile::lab {

namespace {

volatile pid_t running = -1;

/// The terminal's keys reach the command by themselves; it decides what they mean.
void pass_signals_to(pid_t child) {
  running = child;
  signal(SIGINT, SIG_IGN);
  signal(SIGQUIT, SIG_IGN);
  for (const int number : {SIGTERM, SIGHUP})
    signal(number, [](int received) { kill(running, received); });
}

[[noreturn]] void become(const NetworkNamespace& where, const std::vector<std::string>& command) {
  signal(SIGPIPE, SIG_DFL);
  where.enter();
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  fmt::print(stderr, "stile lab: cannot run '{}': {}\n", command.front(), std::strerror(errno));
  _exit(127);
}

}  // namespace

int run_as_peer_a(const Topology& topology, const std::vector<std::string>& command) {
  const pid_t lab = getpid();
  const pid_t child = fork();
  if (child < 0) throw LabError("cannot start '" + command.front() + "'");
  if (child == 0) {
    // The lab's network ends with the lab; so does what runs in it.
    prctl(PR_SET_PDEATHSIG, SIGHUP);
    if (getppid() != lab) _exit(1);
    become(topology.peer_a(), command);
  }
  pass_signals_to(child);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace stile::lab
