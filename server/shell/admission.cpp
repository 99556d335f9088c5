#include "server/shell/admission.hpp"

#include "server/core/network.hpp"

namespace stile::server {

Admission::Verdict Admission::admit(Slot slot, const IpAddress& source) {
  const IpAddress prefix = relay::network_of(source);
  const auto same = of_prefix_.find(prefix);
  const bool prefix_full = same != of_prefix_.end() && same->second >= limits_.per_prefix;
  std::optional<Slot> evicted;
  if (prefix_full || size_ >= limits_.all) {
    evicted = oldest_unproven(prefix_full ? &prefix : nullptr);
    if (!evicted) return {false, std::nullopt};
    leave(*evicted);
  }
  if (slot >= entries_.size()) entries_.resize(slot + 1);
  entries_[slot] = {prefix, State::unproven, newest_, none};
  (newest_ == none ? oldest_ : entries_[newest_].newer) = slot;
  newest_ = slot;
  ++of_prefix_[prefix];
  ++size_;
  return {true, evicted};
}

void Admission::prove(Slot slot) {
  if (slot >= entries_.size() || entries_[slot].state != State::unproven) return;
  unlink(slot);
  entries_[slot].state = State::proven;
}

void Admission::leave(Slot slot) {
  if (slot >= entries_.size() || entries_[slot].state == State::absent) return;
  if (entries_[slot].state == State::unproven) unlink(slot);
  const auto same = of_prefix_.find(entries_[slot].prefix);
  if (--same->second == 0) of_prefix_.erase(same);
  entries_[slot] = {};
  --size_;
}

std::optional<Admission::Slot> Admission::oldest_unproven(const IpAddress* prefix) const {
  for (Slot slot = oldest_; slot != none; slot = entries_[slot].newer)
    if (!prefix || entries_[slot].prefix == *prefix) return slot;
  return std::nullopt;
}

void Admission::unlink(Slot slot) {
  const Entry& entry = entries_[slot];
  (entry.older == none ? oldest_ : entries_[entry.older].newer) = entry.newer;
  (entry.newer == none ? newest_ : entries_[entry.newer].older) = entry.older;
}

}  // namespace stile::server
