#include "nat/shell/event_loop.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>

#include "nat/shell/clock.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), now_(read_clock()) {
  if (!epoll_) throw Problem(with_errno("epoll"));
}

void EventLoop::watch(int fd, Handler handler) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &handlers_.emplace_back(std::move(handler));
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw Problem(with_errno("epoll"));
}

void EventLoop::wait(Instant wake) {
  const auto left =
      std::max(Duration::zero(), wake == never ? Duration::zero() : wake - read_clock());
  const timespec timeout{left.count() / 1'000'000, left.count() % 1'000'000 * 1000};
  std::array<epoll_event, 8> events;
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   wake == never ? nullptr : &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw Problem(with_errno("epoll"));
  now_ = read_clock();
  for (const epoll_event& event :
       std::span(events).first(static_cast<std::size_t>(std::max(count, 0))))
    (*static_cast<Handler*>(event.data.ptr))();
}

}  // namespace stile::nat::shell
