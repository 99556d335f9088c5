#include "server/shell/poller.hpp"

namespace stile::server {

// The 64 bits of an event: kind (8), index (24), generation (32).

void Poller::control(int operation, int fd, Watched watched, std::uint32_t interest) {
  epoll_event event{};
  event.events = interest;
  event.data.u64 = std::uint64_t{static_cast<std::uint8_t>(watched.kind)} << 56 |
                   std::uint64_t{watched.index & 0xffffff} << 32 | watched.generation;
  epoll_ctl(epoll_.fd(), operation, fd, &event);
}

std::size_t Poller::wait(std::span<epoll_event> events, int milliseconds) {
  const int count =
      epoll_wait(epoll_.fd(), events.data(), static_cast<int>(events.size()), milliseconds);
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

Poller::Event Poller::read(const epoll_event& event) {
  const std::uint64_t tag = event.data.u64;
  const Watched watched{static_cast<Watched::Kind>(tag >> 56),
                        static_cast<std::uint32_t>(tag >> 32 & 0xffffff),
                        static_cast<std::uint32_t>(tag)};
  return {watched, (event.events & EPOLLIN) != 0, (event.events & EPOLLOUT) != 0,
          (event.events & (EPOLLERR | EPOLLHUP)) != 0};
}

}  // namespace stile::server
