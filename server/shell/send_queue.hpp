#pragma once

#include <sys/socket.h>

#include <array>
#include <memory>

#include "server/shell/send_groups.hpp"
#include "server/shell/socket.hpp"

namespace stile::server {

/// Collects datagrams and sends them with as few calls as the kernel allows: those of one flow
/// joined (UDP_SEGMENT), and groups that leave from the same socket one after the other with one
/// call. The bytes are not copied: flush before they are gone.
class SendQueue {
 public:
  SendQueue();
  void push(int fd, const TransportAddress& to, Bytes datagram, relay::IpFields fields = {});
  /// The same for bytes that will be gone before the flush.
  void push_copy(int fd, const TransportAddress& to, Bytes datagram, relay::IpFields fields = {});
  void flush();

 private:
  static constexpr std::size_t capacity = SendGroups::capacity;
  static constexpr std::size_t copies_size = 256 * 1024;
  struct Control {
    alignas(cmsghdr)
        std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t)) + CMSG_SPACE(sizeof(int))> bytes;
  };

  void arrange();
  void fill_header(std::size_t index, iovec* first);
  void fill_control(std::size_t index);
  std::size_t end_of_run(std::size_t first) const;
  void send_run(std::size_t first, std::size_t end);
  int send(std::size_t first, std::size_t end);
  int send_several(std::size_t first, std::size_t end);
  int send_one(std::size_t group);
  void joined_refused(std::size_t group);
  void send_singly(std::size_t group);

  SendGroups groups_;
  bool joins_ = true;  ///< the kernel takes joined datagrams
  std::size_t copied_ = 0;
  std::unique_ptr<std::uint8_t[]> copies_;
  std::array<iovec, capacity> datagrams_;
  std::array<iovec, capacity> arranged_;  ///< group by group
  std::array<SocketAddress, capacity> destinations_;
  std::array<Control, capacity> controls_;
  std::array<mmsghdr, capacity> headers_;  ///< of the groups
};

}  // namespace stile::server
