#include "server/shell/send_queue.hpp"

#include <netinet/udp.h>

#include <cerrno>
#include <cstring>

namespace stile::server {

namespace {
constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
}

SendQueue::SendQueue() : copies_(new std::uint8_t[copies_size]) {
  for (std::size_t i = 0; i < capacity; ++i) {
    headers_[i] = {};
    headers_[i].msg_hdr.msg_name = &destinations_[i].storage;
    msghdr with_control{};
    with_control.msg_control = &controls_[i];
    with_control.msg_controllen = sizeof(Control);
    cmsghdr* const segment = CMSG_FIRSTHDR(&with_control);
    segment->cmsg_level = SOL_UDP;
    segment->cmsg_type = UDP_SEGMENT;
    segment->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  }
}

void SendQueue::push(int fd, const TransportAddress& to, Bytes datagram) {
  if (groups_.datagrams() == capacity) flush();
  datagrams_[groups_.datagrams()] = {const_cast<std::uint8_t*>(datagram.data()), datagram.size()};
  groups_.add(fd, to, datagram.size());
}

void SendQueue::push_copy(int fd, const TransportAddress& to, Bytes datagram) {
  if (groups_.datagrams() == capacity || datagram.size() > copies_size - copied_) flush();
  std::uint8_t* const copy = copies_.get() + copied_;
  std::memcpy(copy, datagram.data(), datagram.size());
  copied_ += datagram.size();
  push(fd, to, {copy, datagram.size()});
}

void SendQueue::flush() {
  arrange();
  const auto groups = groups_.groups();
  for (std::size_t first = 0; first < groups.size();) {
    std::size_t end = first + 1;
    while (end < groups.size() && groups[end].fd == groups[first].fd) ++end;
    send_run(first, end);
    first = end;
  }
  groups_.clear();
  copied_ = 0;
}

/// The datagrams group by group, and a header for each group.
void SendQueue::arrange() {
  std::array<iovec*, capacity> next;
  iovec* place = arranged_.data();
  for (std::size_t i = 0; i < groups_.groups().size(); ++i) {
    next[i] = place;
    fill_header(i, place);
    place += groups_.groups()[i].count;
  }
  for (std::size_t i = 0; i < groups_.datagrams(); ++i)
    *next[groups_.group_of(i)]++ = datagrams_[i];
}

void SendQueue::fill_header(std::size_t index, iovec* first) {
  const SendGroup& group = groups_.groups()[index];
  msghdr& header = headers_[index].msg_hdr;
  destinations_[index] = SocketAddress(group.to);
  header.msg_namelen = destinations_[index].length;
  header.msg_iov = first;
  header.msg_iovlen = group.count;
  const bool joined = group.count > 1;
  header.msg_control = joined ? &controls_[index] : nullptr;
  header.msg_controllen = joined ? sizeof(Control) : 0;
  if (!joined) return;
  const auto segment = static_cast<std::uint16_t>(group.segment);
  std::memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), &segment, sizeof segment);
}

/// What the kernel does not take is lost, as on any link; the rest of the run goes on.
void SendQueue::send_run(std::size_t first, std::size_t end) {
  while (first < end) {
    const bool joined = headers_[first].msg_hdr.msg_iovlen > 1;
    if (joined && !joins_) {
      send_singly(first++);
      continue;
    }
    const int sent = sendmmsg(groups_.groups()[first].fd, &headers_[first],
                              static_cast<unsigned>(end - first), flags);
    if (sent > 0) {
      first += static_cast<std::size_t>(sent);
      continue;
    }
    if (joined) joined_refused(first);
    ++first;
  }
}

void SendQueue::joined_refused(std::size_t group) {
  const bool never_here = errno == EIO || errno == EOPNOTSUPP;
  // The path's MTU is smaller than the datagrams.
  const bool not_on_this_path = errno == EINVAL || errno == EMSGSIZE;
  if (never_here) joins_ = false;
  if (never_here || not_on_this_path) send_singly(group);
}

void SendQueue::send_singly(std::size_t group) {
  msghdr header = headers_[group].msg_hdr;
  const std::size_t count = std::exchange(header.msg_iovlen, 1);
  header.msg_control = nullptr;
  header.msg_controllen = 0;
  for (std::size_t i = 0; i < count; ++i, ++header.msg_iov)
    sendmsg(groups_.groups()[group].fd, &header, flags);
}

}  // namespace stile::server
