#include "server/shell/receive_batch.hpp"

#include <netinet/udp.h>

#include <cerrno>

namespace stile::server {

namespace {

/// Bytes of each datagram of several that were joined; 0: it is one.
std::size_t segment_of(msghdr& message) {
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_UDP || header->cmsg_type != UDP_GRO) continue;
    int segment = 0;
    std::memcpy(&segment, CMSG_DATA(header), sizeof segment);
    return static_cast<std::size_t>(segment);
  }
  return 0;
}

}  // namespace

ReceiveBatch::ReceiveBatch() : storage_(new std::uint8_t[capacity * stride]) {
  for (std::size_t i = 0; i < capacity; ++i) {
    vectors_[i] = {buffer(i), longest};
    headers_[i] = {};
    headers_[i].msg_hdr.msg_name = &sources_[i].storage;
    headers_[i].msg_hdr.msg_iov = &vectors_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_control = &controls_[i];
  }
}

std::size_t ReceiveBatch::receive(int fd, std::size_t wanted) {
  begin_ = used_;
  for (std::size_t i = begin_; i < begin_ + wanted; ++i) {
    headers_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    headers_[i].msg_hdr.msg_controllen = sizeof(Control);
  }
  // An ICMP error about an earlier datagram is read as an error once, then datagrams come.
  for (int attempt = 0; attempt < 2; ++attempt) {
    const int count =
        recvmmsg(fd, &headers_[begin_], static_cast<unsigned>(wanted), MSG_DONTWAIT, nullptr);
    if (count >= 0) {
      used_ = begin_ + static_cast<std::size_t>(count);
      for (std::size_t i = begin_; i < used_; ++i) bytes_ += headers_[i].msg_len;
      return static_cast<std::size_t>(count);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  }
  return 0;
}

Segments ReceiveBatch::datagrams(std::size_t index) {
  mmsghdr& message = headers_[begin_ + index];
  return {{buffer(begin_ + index), message.msg_len}, segment_of(message.msg_hdr)};
}

TransportAddress ReceiveBatch::source(std::size_t index) const {
  return sources_[begin_ + index].transport_address();
}

}  // namespace stile::server
