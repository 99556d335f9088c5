#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <span>

#include "server/shell/socket.hpp"

namespace stile::server {

/// What an event is about: the owner of the descriptor, and its object there.
struct Watched {
  enum class Kind : std::uint8_t {
    wake,
    udp_listener,
    stream_listener,
    stream_client,
    relay_socket,
    relay_listener,
    peer_connection,
    data_client,
    inbox
  };
  Kind kind;
  std::uint32_t index = 0;  ///< 24 bits
  std::uint32_t generation = 0;
};

/// A worker's epoll, level-triggered. A descriptor leaves it when it is closed.
class Poller {
 public:
  enum Interest : std::uint32_t { nothing = 0, readable = EPOLLIN, writable = EPOLLOUT };
  struct Event {
    Watched watched;
    bool readable = false;
    bool writable = false;
    bool broken = false;  ///< an error, or closed both ways
  };

  Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

  void add(int fd, Watched watched, std::uint32_t interest = readable) {
    control(EPOLL_CTL_ADD, fd, watched, interest);
  }
  void change(int fd, Watched watched, std::uint32_t interest) {
    control(EPOLL_CTL_MOD, fd, watched, interest);
  }
  void remove(int fd) { control(EPOLL_CTL_DEL, fd, {}, nothing); }

  /// Waits at most so long (-1: for ever). How many of `events` are filled.
  std::size_t wait(std::span<epoll_event> events, int milliseconds);
  static Event read(const epoll_event& event);

 private:
  void control(int operation, int fd, Watched watched, std::uint32_t interest);

  Descriptor epoll_;
};

}  // namespace stile::server
