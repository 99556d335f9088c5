#include "server/shell/receive_batch.hpp"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cerrno>
#include <cstring>

namespace stile::server {

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
      for (std::size_t i = begin_; i < used_; ++i) {
        bytes_ += headers_[i].msg_len;
        notes_[i] = read_note(headers_[i].msg_hdr);
      }
      return static_cast<std::size_t>(count);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
  }
  return 0;
}

Segments ReceiveBatch::datagrams(std::size_t index) {
  mmsghdr& message = headers_[begin_ + index];
  return {{buffer(begin_ + index), message.msg_len}, notes_[begin_ + index].segment};
}

ReceiveBatch::Note ReceiveBatch::read_note(msghdr& message) {
  Note note;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    int value = 0;
    if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TOS) {
      note.traffic_class = *CMSG_DATA(header);
    } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_TCLASS) {
      std::memcpy(&value, CMSG_DATA(header), sizeof value);
      note.traffic_class = static_cast<std::uint8_t>(value);
    } else if (header->cmsg_level == SOL_UDP && header->cmsg_type == UDP_GRO) {
      std::memcpy(&value, CMSG_DATA(header), sizeof value);
      note.segment = static_cast<std::size_t>(value);
    }
  }
  return note;
}

TransportAddress ReceiveBatch::source(std::size_t index) const {
  return sources_[begin_ + index].transport_address();
}

}  // namespace stile::server
