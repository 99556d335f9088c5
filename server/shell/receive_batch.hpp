#pragma once

#include <sys/socket.h>

#include <array>
#include <memory>

#include "server/shell/segments.hpp"
#include "server/shell/socket.hpp"

namespace stile::server {

/// Where a worker receives the UDP datagrams of all its sockets. Each call fills the next free
/// slots, and what lies there stays until reset(), so that the datagrams of several sockets can be
/// sent on together. A slot takes one datagram, or several that the kernel has joined (UDP_GRO).
class ReceiveBatch {
 public:
  static constexpr std::size_t capacity = 64;  ///< slots
  static constexpr std::size_t most_at_once = 32;

  ReceiveBatch();
  /// How many slots were filled; at most `wanted`, which is at most most_at_once.
  std::size_t receive(int fd, std::size_t wanted);
  /// Of the last receive(). There is headroom before the first datagram of a slot; before the
  /// others after Segments::spread().
  Segments datagrams(std::size_t index);
  TransportAddress source(std::size_t index) const;
  /// DSCP and ECN that the datagrams of a slot came with.
  std::uint8_t traffic_class(std::size_t index) const {
    return notes_[begin_ + index].traffic_class;
  }

  /// Whether it is time to send on what has come in: few slots are left, or the cache would be.
  bool full() const { return used_ + most_at_once > capacity || bytes_ > most_bytes; }
  void reset() { used_ = begin_ = bytes_ = 0; }

 private:
  static constexpr std::size_t most_bytes = 256 * 1024;
  static constexpr std::size_t longest = 65'535;
  static constexpr std::size_t stride =
      datagram_headroom + longest + Segments::most * (datagram_headroom + datagram_tailroom);
  struct Control {
    alignas(cmsghdr) std::array<std::uint8_t, 2 * CMSG_SPACE(sizeof(int))> bytes;
  };
  /// What the kernel has noted beside a slot's bytes.
  struct Note {
    std::size_t segment = 0;  ///< bytes of each datagram of several that were joined; 0: it is one
    std::uint8_t traffic_class = 0;
  };
  static Note read_note(msghdr& message);
  std::uint8_t* buffer(std::size_t slot) {
    return storage_.get() + slot * stride + datagram_headroom;
  }

  std::size_t used_ = 0;
  std::size_t begin_ = 0;  ///< the first slot of the last receive()
  std::size_t bytes_ = 0;
  std::unique_ptr<std::uint8_t[]> storage_;
  std::array<SocketAddress, capacity> sources_;
  std::array<Control, capacity> controls_;
  std::array<Note, capacity> notes_;
  std::array<iovec, capacity> vectors_;
  std::array<mmsghdr, capacity> headers_;
};

}  // namespace stile::server
