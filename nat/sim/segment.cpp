#include "nat/sim/segment.hpp"

#include "nat/packet/ipv4.hpp"

namespace stile::sim {

void Segment::send(Bytes packet) {
  world_.record(packet);
  if (random_.unit() < quality_.loss) return;
  Duration delay = quality_.delay;
  if (quality_.jitter > Duration::zero())
    delay += std::chrono::duration_cast<Duration>(quality_.jitter * random_.unit());
  if (quality_.reordering > 0 && random_.unit() < quality_.reordering) delay *= 2;
  if (quality_.duplication > 0 && random_.unit() < quality_.duplication)
    deliver(copy_of(packet), delay);
  deliver(copy_of(packet), delay);
}

void Segment::deliver(ByteVector packet, Duration after) {
  world_.after(after, [this, packet = std::move(packet)]() mutable {
    const auto view = nat::Ipv4View::parse(packet);
    if (!view) return;
    const auto receiver = receivers_.find(IpAddress::v4(view->destination()));
    if (receiver != receivers_.end())
      receiver->second(std::move(packet));
    else if (default_)
      default_(std::move(packet));
  });
}

}  // namespace stile::sim
