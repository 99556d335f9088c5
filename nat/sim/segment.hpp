#pragma once

#include <map>

#include "nat/sim/world.hpp"
#include "stile/base/address.hpp"

namespace stile::sim {

/// What befalls each packet that crosses a segment.
struct Quality {
  Duration delay = std::chrono::milliseconds(10);
  Duration jitter{};  ///< uniformly more, up to this
  double loss = 0;    ///< 0-1
  double duplication = 0;
  double reordering = 0;  ///< the share of packets that take twice the delay and are overtaken
};

/// A network that hands IPv4 packets to whoever has the destination address: a wire, a LAN, or the
/// Internet.
class Segment {
 public:
  using Receiver = std::function<void(ByteVector packet)>;

  Segment(World& world, const std::string& name, Quality quality)
      : world_(world), random_(world.random_for("segment " + name)), quality_(quality) {}

  void attach(const IpAddress& address, Receiver receiver) {
    receivers_[address] = std::move(receiver);
  }
  /// Who gets what nobody here has the address of: the way out.
  void attach_default(Receiver receiver) { default_ = std::move(receiver); }
  void send(Bytes packet);

 private:
  void deliver(ByteVector packet, Duration after);

  World& world_;
  SeededRandom random_;
  Quality quality_;
  std::map<IpAddress, Receiver> receivers_;
  Receiver default_;
};

}  // namespace stile::sim
