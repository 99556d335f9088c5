#include "server/shell/send_queue.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cerrno>
#include <cstring>

#include "server/shell/ip_options.hpp"

namespace stile::server {

namespace {

constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

/// Adds one to what msg_control has already, of which msg_controllen bytes are used.
template <class Value>
void add_control(msghdr& header, int level, int type, Value value) {
  auto* const control = reinterpret_cast<cmsghdr*>(static_cast<std::uint8_t*>(header.msg_control) +
                                                   header.msg_controllen);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(control), &value, sizeof value);
  header.msg_controllen += CMSG_SPACE(sizeof value);
}

/// Errors that ICMP can tell of: whoever sends next from the socket gets them, of whatever datagram
/// they are. What must not be fragmented may be too large itself.
bool may_be_of_another_datagram(int error, const SendGroup& group) {
  if (error == EMSGSIZE) return !group.fields.dont_fragment;
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
         error == ENOPROTOOPT || error == EPROTO || error == EHOSTDOWN || error == EACCES ||
         error == EOPNOTSUPP || error == ENONET;
}

}  // namespace

SendQueue::SendQueue() : copies_(new std::uint8_t[copies_size]) {
  for (std::size_t i = 0; i < capacity; ++i) {
    headers_[i] = {};
    headers_[i].msg_hdr.msg_name = &destinations_[i].storage;
    headers_[i].msg_hdr.msg_control = &controls_[i];
  }
}

void SendQueue::push(int fd, const TransportAddress& to, Bytes datagram, relay::IpFields fields) {
  if (groups_.datagrams() == capacity) flush();
  datagrams_[groups_.datagrams()] = {const_cast<std::uint8_t*>(datagram.data()), datagram.size()};
  groups_.add(fd, to, fields, datagram.size());
}

void SendQueue::push_copy(int fd, const TransportAddress& to, Bytes datagram,
                          relay::IpFields fields) {
  if (groups_.datagrams() == capacity || datagram.size() > copies_size - copied_) flush();
  std::uint8_t* const copy = copies_.get() + copied_;
  std::memcpy(copy, datagram.data(), datagram.size());
  copied_ += datagram.size();
  push(fd, to, {copy, datagram.size()}, fields);
}

void SendQueue::flush() {
  arrange();
  const auto groups = groups_.groups();
  for (std::size_t first = 0; first < groups.size();) {
    const std::size_t end = end_of_run(first);
    // DF is the socket's, not the datagram's: it is set as long as it takes.
    const auto [fd, whole, family] = std::tuple(
        groups[first].fd, groups[first].fields.dont_fragment, groups[first].to.ip.family());
    if (whole) set_dont_fragment(fd, family, true);
    send_run(first, end);
    if (whole) set_dont_fragment(fd, family, false);
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
  fill_control(index);
}

/// What differs from the socket's own; what joins is the last, so that it can be left out.
void SendQueue::fill_control(std::size_t index) {
  const SendGroup& group = groups_.groups()[index];
  msghdr& header = headers_[index].msg_hdr;
  header.msg_controllen = 0;
  const int traffic_class = group.fields.traffic_class;
  if (traffic_class != 0 && group.to.ip.is_v4())
    add_control(header, IPPROTO_IP, IP_TOS, traffic_class);
  if (traffic_class != 0 && group.to.ip.is_v6())
    add_control(header, IPPROTO_IPV6, IPV6_TCLASS, traffic_class);
  if (group.count > 1)
    add_control(header, SOL_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(group.segment));
}

/// Behind the groups that leave by one socket in the same manner.
std::size_t SendQueue::end_of_run(std::size_t first) const {
  const auto groups = groups_.groups();
  std::size_t end = first + 1;
  while (end < groups.size() && groups[end].fd == groups[first].fd &&
         groups[end].fields.dont_fragment == groups[first].fields.dont_fragment)
    ++end;
  return end;
}

/// What the kernel does not take is lost, as on any link; the rest of the run goes on.
void SendQueue::send_run(std::size_t first, std::size_t end) {
  while (first < end) {
    const bool joined = headers_[first].msg_hdr.msg_iovlen > 1;
    if (joined && !joins_) {
      send_singly(first++);
      continue;
    }
    const int sent = send(first, end);
    if (sent > 0) {
      first += static_cast<std::size_t>(sent);
      continue;
    }
    if (joined) joined_refused(first);
    ++first;
  }
}

/// How many of the groups the kernel has taken; -1: not even the first.
int SendQueue::send(std::size_t first, std::size_t end) {
  const auto attempt = [&] {
    return end - first == 1 ? send_one(first) : send_several(first, end);
  };
  const int sent = attempt();
  return sent < 0 && may_be_of_another_datagram(errno, groups_.groups()[first]) ? attempt() : sent;
}

int SendQueue::send_several(std::size_t first, std::size_t end) {
  return sendmmsg(groups_.groups()[first].fd, &headers_[first], static_cast<unsigned>(end - first),
                  flags);
}

/// One alone is cheaper as such, and cheapest if it is nothing but a datagram.
int SendQueue::send_one(std::size_t group) {
  const int fd = groups_.groups()[group].fd;
  const msghdr& header = headers_[group].msg_hdr;
  const bool plain = header.msg_iovlen == 1 && header.msg_controllen == 0;
  const iovec& data = *header.msg_iov;
  const auto sent = plain
                        ? sendto(fd, data.iov_base, data.iov_len, flags,
                                 static_cast<const sockaddr*>(header.msg_name), header.msg_namelen)
                        : sendmsg(fd, &header, flags);
  return sent < 0 ? -1 : 1;
}

void SendQueue::joined_refused(std::size_t group) {
  const bool never_here = errno == EIO;
  // The path's MTU is smaller than the datagrams.
  const bool not_on_this_path = errno == EINVAL || errno == EMSGSIZE;
  if (never_here) joins_ = false;
  if (never_here || not_on_this_path) send_singly(group);
}

void SendQueue::send_singly(std::size_t group) {
  msghdr header = headers_[group].msg_hdr;
  const std::size_t count = std::exchange(header.msg_iovlen, 1);
  header.msg_controllen -= count > 1 ? CMSG_SPACE(sizeof(std::uint16_t)) : 0;
  for (std::size_t i = 0; i < count; ++i, ++header.msg_iov)
    sendmsg(groups_.groups()[group].fd, &header, flags);
}

}  // namespace stile::server
