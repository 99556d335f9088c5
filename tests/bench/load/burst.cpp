#include "tests/bench/load/burst.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace stile::bench {

namespace {

constexpr unsigned most = 64;

struct Control {
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> bytes;
};

void join(msghdr& message, Control& control, std::size_t segment) {
  message.msg_control = &control;
  message.msg_controllen = sizeof control;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_UDP;
  header->cmsg_type = UDP_SEGMENT;
  header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const auto size = static_cast<std::uint16_t>(segment);
  std::memcpy(CMSG_DATA(header), &size, sizeof size);
}

}  // namespace

unsigned send_burst(int fd, const server::SocketAddress* to, Bytes datagram, unsigned count,
                    bool joined) {
  count = std::min(count, most);
  std::array<iovec, most> vectors;
  std::array<mmsghdr, most> messages{};
  const unsigned calls = joined ? 1 : count;
  for (unsigned i = 0; i < count; ++i)
    vectors[i] = {const_cast<std::uint8_t*>(datagram.data()), datagram.size()};
  for (unsigned i = 0; i < calls; ++i) {
    msghdr& message = messages[i].msg_hdr;
    message.msg_name = to ? const_cast<sockaddr_storage*>(&to->storage) : nullptr;
    message.msg_namelen = to ? to->length : 0;
    message.msg_iov = &vectors[i];
    message.msg_iovlen = joined ? count : 1;
  }
  Control control{};
  if (joined && count > 1) join(messages[0].msg_hdr, control, datagram.size());
  const int sent = sendmmsg(fd, messages.data(), calls, MSG_DONTWAIT);
  if (sent <= 0) return 0;
  return joined ? count : static_cast<unsigned>(sent);
}

}  // namespace stile::bench
