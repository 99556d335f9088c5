#include <sys/epoll.h>
#include <unistd.h>

#include <system_error>

#include "c/descriptor_set.hpp"

namespace stile {

DescriptorSet::DescriptorSet() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

DescriptorSet::~DescriptorSet() {
  ::close(fd_);
}

/// Edges are enough, since all that can be done is done after each.
void DescriptorSet::add(int descriptor) const {
  epoll_event interest{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {}};
  epoll_ctl(fd_, EPOLL_CTL_ADD, descriptor, &interest);
}

void DescriptorSet::clear() const {
  constexpr int room = 16;
  epoll_event seen[room];
  while (epoll_wait(fd_, seen, room, 0) == room) {
  }
}

}  // namespace stile
