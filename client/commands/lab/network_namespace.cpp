#include "client/commands/lab/network_namespace.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace stile::lab {

namespace {

void write_file(const char* path, const std::string& text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  const bool written =
      fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) close(fd);
  if (!written) throw LabError(std::string("cannot write ") + path + ": " + std::strerror(errno));
}

void enter_user_namespace() {
  const auto user = geteuid();
  const auto group = getegid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
    throw LabError("may not make network namespaces (" + std::string(std::strerror(errno)) +
                   "); run it as root, or allow user namespaces");
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1");
  write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1");
}

int open_own_namespace() {
  return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

}  // namespace

void enter_private_network() {
  if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) enter_user_namespace();
}

NetworkNamespace NetworkNamespace::current(std::string name) {
  return {std::move(name), open_own_namespace()};
}

NetworkNamespace::NetworkNamespace(std::string name) : name_(std::move(name)) {
  const int home = open_own_namespace();
  if (unshare(CLONE_NEWNET) != 0) {
    close(home);
    throw LabError("cannot make the network namespace of " + name_ + ": " + std::strerror(errno));
  }
  fd_ = open_own_namespace();
  setns(home, CLONE_NEWNET);
  close(home);
  ip("link set lo up\n");
}

NetworkNamespace::NetworkNamespace(NetworkNamespace&& other) noexcept
    : name_(std::move(other.name_)), fd_(std::exchange(other.fd_, -1)) {}

NetworkNamespace::~NetworkNamespace() {
  if (fd_ >= 0) close(fd_);
}

std::string NetworkNamespace::path() const {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_);
}

void NetworkNamespace::enter() const {
  if (setns(fd_, CLONE_NEWNET) != 0) _exit(126);
}

void NetworkNamespace::ip(std::string_view batch) const {
  run("ip", "-batch -", batch);
}

void NetworkNamespace::run(const std::string& program, const std::string& arguments,
                           std::string_view input) const {
  int feed[2];
  if (pipe2(feed, O_CLOEXEC) != 0) throw LabError("no more pipes");
  const pid_t child = fork();
  if (child == 0) {
    enter();
    dup2(feed[0], STDIN_FILENO);
    const std::string command = "exec " + program + " " + arguments;
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  close(feed[0]);
  const bool fed =
      child > 0 && write(feed[1], input.data(), input.size()) == static_cast<ssize_t>(input.size());
  close(feed[1]);
  int status = 0;
  if (child > 0) waitpid(child, &status, 0);
  if (status != 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
    throw LabError("needs the program '" + program +
                   "'; install it (apt-get install iproute2 nftables)");
  if (!fed || status != 0) throw LabError("'" + program + "' failed while setting up " + name_);
}

}  // namespace stile::lab
