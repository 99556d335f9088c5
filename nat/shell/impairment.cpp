#include "nat/shell/impairment.hpp"

#include <algorithm>

namespace stile::nat::shell {

Impairment::Fate Impairment::handle_packet(Instant now, Side to, Bytes packet) {
  if (config_.loss > 0 && random_.unit() < config_.loss) {
    ++counters_.lost;
    return Fate::lost;
  }
  if (config_.delay == Duration::zero() && config_.jitter == Duration::zero()) return Fate::pass;
  if (queues_[0].size() + queues_[1].size() >= config_.max_held) {
    ++counters_.dropped_full;
    return Fate::lost;
  }
  ++counters_.delayed;
  Instant release = now + varied_delay();
  if (!queue(to).empty()) release = std::max(release, queue(to).back().release);
  queue(to).push_back({release, copy_of(packet)});
  return Fate::held;
}

Duration Impairment::varied_delay() {
  const double jitter = static_cast<double>(config_.jitter.count()) * (2 * random_.unit() - 1);
  return std::max(Duration::zero(), config_.delay + Duration(static_cast<Duration::rep>(jitter)));
}

std::optional<Impairment::Released> Impairment::poll_packet(Instant now) {
  for (const Side to : {Side::inside, Side::outside}) {
    if (queue(to).empty() || queue(to).front().release > now) continue;
    Released released{to, std::move(queue(to).front().packet)};
    queue(to).pop_front();
    return released;
  }
  return std::nullopt;
}

Instant Impairment::poll_timeout() const {
  Instant earliest = never;
  for (const auto& held : queues_)
    if (!held.empty()) earliest = std::min(earliest, held.front().release);
  return earliest;
}

}  // namespace stile::nat::shell
