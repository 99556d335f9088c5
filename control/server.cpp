#include "control/server.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "control/error.hpp"

namespace stile::control {

namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(what + ": " + std::strerror(errno));
}

bool is_trusted(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

bool somebody_listens(const Address& address) {
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), address.get(), address.length) == 0;
}

bool is_socket(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

Server::Server(const std::string& path, Answer answer)
    : address_(path),
      answer_(std::move(answer)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  if (!epoll_ || !listener_) fail("opening the control socket");
  listen(path);
  watch(listener_.get(), EPOLLIN, EPOLL_CTL_ADD);
}

Server::~Server() {
  if (owns_path_) ::unlink(address_.address.sun_path);
}

void Server::listen(const std::string& path) {
  const mode_t before = ::umask(0177);
  const int failed = ::bind(listener_.get(), address_.get(), address_.length);
  ::umask(before);
  if (failed != 0) {
    if (errno != EADDRINUSE) fail("making the control socket " + path);
    bind_fresh(path);
  }
  owns_path_ = !address_.is_abstract();
  if (::listen(listener_.get(), max_clients) != 0) fail("listening on " + path);
}

void Server::bind_fresh(const std::string& path) {
  if (address_.is_abstract() || somebody_listens(address_))
    throw Error("control socket " + path + " is in use; give another one with --control");
  if (!is_socket(path)) throw Error(path + " exists and is no socket; give another --control");
  ::unlink(path.c_str());
  const mode_t before = ::umask(0177);
  const int failed = ::bind(listener_.get(), address_.get(), address_.length);
  ::umask(before);
  if (failed != 0) fail("making the control socket " + path);
}

void Server::watch(int fd, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  ::epoll_ctl(epoll_.get(), operation, fd, &event);
}

void Server::handle_ready() {
  std::array<epoll_event, max_clients + 1> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  bool newcomers = false;
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    if (fd == listener_.get()) {
      newcomers = true;
      continue;
    }
    const auto client = std::ranges::find(clients_, fd, [](const Client& c) { return c.fd.get(); });
    if (client != clients_.end() && !serve(*client)) clients_.erase(client);
  }
  // Last, so that a number that is given again is not taken for the client before.
  if (newcomers) accept_clients();
}

void Server::accept_clients() {
  for (;;) {
    Descriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return;
    if (!is_trusted(fd.get())) continue;
    if (clients_.size() >= max_clients) clients_.pop_front();
    watch(fd.get(), EPOLLIN, EPOLL_CTL_ADD);
    clients_.push_back({std::move(fd), {}, {}, 0});
  }
}

bool Server::serve(Client& client) {
  if (!client.answer.empty()) return write_answer(client);
  if (!read_command(client)) return false;
  const auto end = client.command.find('\n');
  if (end == client.command.npos) return true;
  client.answer = answer_(std::string_view(client.command).substr(0, end)) + "\n";
  watch(client.fd.get(), EPOLLOUT, EPOLL_CTL_MOD);
  return write_answer(client);
}

bool Server::read_command(Client& client) {
  std::array<char, max_command> buffer;
  const ssize_t length = ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
  if (length < 0) return errno == EAGAIN || errno == EINTR;
  client.command.append(buffer.data(), static_cast<std::size_t>(length));
  return length > 0 && client.command.size() <= max_command;
}

bool Server::write_answer(Client& client) {
  while (client.sent < client.answer.size()) {
    const ssize_t length = ::send(client.fd.get(), client.answer.data() + client.sent,
                                  client.answer.size() - client.sent, MSG_NOSIGNAL);
    if (length < 0) return errno == EAGAIN || errno == EINTR;
    client.sent += static_cast<std::size_t>(length);
  }
  return false;
}

}  // namespace stile::control
