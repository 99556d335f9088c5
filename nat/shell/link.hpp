#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

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
  virtual ~Link() = default;
  virtual int fd() const = 0;
  /// What has arrived, at most a batch; lives until the next call. Throws Problem when the
  /// interface is gone.
  virtual std::span<const ReceivedPacket> receive() = 0;

  /// Queues `packet`, whose frame_headroom bytes before it are overwritten and which lives until
  /// flush().
  virtual void send(const MacAddress& to, MutableBytes packet) = 0;
  /// Queues a copy.
  virtual void send_copy(const MacAddress& to, Bytes packet) = 0;
  virtual void flush() = 0;
  /// The same for what was cut from one bundle: what can go as one does.
  virtual void flush_bundle() { flush(); }
  /// IPv4 destinations that need not come out of receive(): the kernel has them.
  virtual void leave_to_kernel(const std::vector<IpAddress>&) {}
  /// As --packets calls it.
  virtual std::string_view name() const = 0;

  const LinkCounters& counters() const { return counters_; }

 protected:
  LinkCounters counters_;
};

/// The packet in a frame behind its Ethernet header, without the padding; nothing if it is cut
/// short.
std::optional<MutableBytes> packet_in(MutableBytes bytes);
/// Throws Problem if the interface is no longer there.
void require_present(const Interface& interface);

}  // namespace stile::nat::shell
