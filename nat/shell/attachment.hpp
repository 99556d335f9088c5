#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "nat/core/protocol.hpp"
#include "nat/shell/event_loop.hpp"
#include "nat/shell/link.hpp"
#include "nat/shell/next_hops.hpp"
#include "nat/shell/placement.hpp"

namespace stile::nat::shell {

/// What the shell counts on one side.
struct RealmCounters {
  LinkCounters link;
  NextHopCounters next_hops;
};

/// How the program is attached to the network: whence its packets come and where they go.
class Attachment {
 public:
  struct Handlers {
    /// What came from one side. It may be translated where it lies until flush().
    std::function<void(Side from, std::span<const ReceivedPacket> packets)> packets;
    /// Addresses or MTUs are others now.
    std::function<void()> interfaces_changed;
  };

  virtual ~Attachment() = default;
  /// `loop` outlives this. Throws Problem.
  virtual void start(EventLoop& loop, Handlers handlers) = 0;
  /// Queues `packet`, whose frame_headroom bytes before it are overwritten and which lives until
  /// flush().
  virtual void send(Instant now, Side to, MutableBytes packet) = 0;
  virtual void flush() = 0;
  /// The same for what was cut from one bundle (offload.hpp): what can go as one does.
  virtual void flush_bundle() { flush(); }
  /// Addresses or MTUs are others now. Throws Problem.
  virtual void follow(const Placement& placement) = 0;
  virtual RealmCounters counters(Side side) const = 0;
  /// How packets come: packet, xdp or tun.
  virtual std::string_view kind(Side side) const = 0;
};

}  // namespace stile::nat::shell
