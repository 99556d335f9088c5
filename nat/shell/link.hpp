#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "nat/shell/descriptor.hpp"
#include "nat/shell/interface.hpp"
#include "nat/shell/offload.hpp"

namespace stile::nat::shell {

/// A packet as it came in. `packet` has frame_headroom free bytes before it; it may be a
/// bundle (offload.hpp).
struct ReceivedPacket {
  MutableBytes packet;
  OffloadHeader offload{};
};

struct LinkCounters {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t dropped_malformed = 0;  ///< no IP packet that its frame holds whole
  std::uint64_t dropped_send = 0;       ///< the kernel did not take it
};

/// One interface and one family, in Ethernet frames: what is addressed to it comes in before the
/// kernel's own stack, in batches.
class Link {
 public:
  /// Throws Problem.
  explicit Link(const Interface& interface, Family family = Family::ipv4);

  int fd() const { return fd_.get(); }
  /// What has arrived, at most a batch; lives until the next call. Throws Problem when the
  /// interface is gone.
  std::span<const ReceivedPacket> receive();

  /// Queues `packet`, whose frame_headroom bytes before it are overwritten and which lives until
  /// flush().
  void send(const MacAddress& to, MutableBytes packet);
  /// Queues a copy.
  void send_copy(const MacAddress& to, Bytes packet);
  void flush();

  const LinkCounters& counters() const { return counters_; }

 private:
  static constexpr std::size_t batch_size = 64;
  static constexpr std::size_t buffer_size = frame_headroom + 65536;

  void attach_filter();
  void enlarge_buffers();
  void admit(std::size_t index, std::size_t length);
  void throw_if_gone() const;

  Interface interface_;
  Family family_;
  Descriptor fd_;
  LinkCounters counters_;

  ByteVector receive_buffers_;
  std::array<iovec, batch_size> receive_vectors_{};
  std::array<mmsghdr, batch_size> receive_headers_{};
  std::vector<ReceivedPacket> received_;

  std::vector<iovec> send_vectors_;
  std::vector<mmsghdr> send_headers_;
  std::deque<ByteVector> copies_;
};

}  // namespace stile::nat::shell
