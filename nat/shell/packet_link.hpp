#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <deque>

#include "nat/shell/descriptor.hpp"
#include "nat/shell/link.hpp"

namespace stile::nat::shell {

/// A Link over AF_PACKET, for every interface. Frames come as copies: it takes the kernel's fence
/// (kernel_fence.hpp) that none is handled twice.
class PacketLink : public Link {
 public:
  /// Throws Problem.
  PacketLink(const Interface& interface, Family family);

  int fd() const override { return fd_.get(); }
  std::span<const ReceivedPacket> receive() override;
  void send(const MacAddress& to, MutableBytes packet) override;
  void send_copy(const MacAddress& to, Bytes packet) override;
  void flush() override;
  void flush_bundle() override;
  std::string_view name() const override { return "packet"; }

 private:
  static constexpr std::size_t batch_size = 64;
  static constexpr std::size_t buffer_size = frame_headroom + 65536;

  void attach_filter();
  void enlarge_buffers();
  void admit(std::size_t index, std::size_t length);
  void add_message(std::span<const MutableBytes> packets);
  void send_messages();
  void note_refusal(const mmsghdr& message, int error);

  Interface interface_;
  Family family_;
  Descriptor fd_;

  ByteVector receive_buffers_;
  std::array<iovec, batch_size> receive_vectors_{};
  std::array<mmsghdr, batch_size> receive_headers_{};
  std::vector<ReceivedPacket> received_;

  std::vector<MutableBytes> queued_;  ///< packets that wait to be sent, headers before them
  std::vector<iovec> send_vectors_;
  std::vector<mmsghdr> send_headers_;
  bool joins_ = true;  ///< the kernel takes bundles
  std::deque<ByteVector> copies_;
};

}  // namespace stile::nat::shell
