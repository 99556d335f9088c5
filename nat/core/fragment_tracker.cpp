#include "nat/core/fragment_tracker.hpp"

#include <utility>

namespace stile::nat {

/// RFC 791 §2.3: source, destination, protocol and identification name a datagram.
FlowKey FragmentTracker::key_of(const Ipv4Packet& fragment) {
  return {std::uint64_t{fragment.source()} << 32 | fragment.destination(),
          std::uint64_t{fragment.protocol()} << 16 | fragment.identification()};
}

FragmentTracker::Datagram* FragmentTracker::find(const FlowKey& key) {
  const Id* id = by_key_.find(key);
  return id ? datagrams_.find(*id) : nullptr;
}

FragmentTracker::Decision FragmentTracker::decision(const Ipv4Packet& fragment) const {
  const Id* id = by_key_.find(key_of(fragment));
  return id ? datagrams_.find(*id)->decision : Decision{};
}

// RFC 4787 REQ-14a: what waits has limits of its own. A flood of fragments without a first fills
// those, and datagrams whose first fragment comes first are not touched by it.
bool FragmentTracker::hold(Instant now, const Ipv4Packet& fragment) {
  const Bytes bytes = fragment.bytes();
  if (fragments_held_ >= config_.max_fragments_held) return false;
  if (bytes_held_ + bytes.size() > config_.max_fragment_bytes_held) return false;
  Datagram* datagram = find(key_of(fragment));
  if (!datagram) {
    if (waiting_ >= config_.max_waiting_datagrams) return false;
    if (datagrams_.size() >= config_.max_fragmented_datagrams) return false;
    datagram = &insert(now, key_of(fragment));
    ++waiting_;
  }
  if (datagram->held.size() >= config_.max_fragments_per_datagram) return false;
  datagram->held.push_back(copy_of(bytes));
  ++fragments_held_;
  bytes_held_ += bytes.size();
  return true;
}

std::vector<ByteVector> FragmentTracker::resolve(Instant now, const FlowKey& key,
                                                 const std::optional<Route>& route) {
  Datagram* datagram = find(key);
  if (!datagram) {
    // The oldest makes room: most likely all of its fragments have passed long since.
    if (datagrams_.size() >= config_.max_fragmented_datagrams) remove(*queue_.pop_due(never));
    datagram = &insert(now, key);
  } else if (datagram->decision.fate == Fate::unknown) {
    --waiting_;
  }
  datagram->decision = route ? Decision{Fate::route, *route} : Decision{Fate::refused, {}};
  return take_held(*datagram);
}

std::vector<ByteVector> FragmentTracker::take_held(Datagram& datagram) {
  fragments_held_ -= datagram.held.size();
  for (const ByteVector& fragment : datagram.held) bytes_held_ -= fragment.size();
  return std::exchange(datagram.held, {});
}

FragmentTracker::Datagram& FragmentTracker::insert(Instant now, const FlowKey& key) {
  const Id id = datagrams_.insert({key, {}, {}});
  by_key_.at(key) = id;
  queue_.push(now + config_.fragment_timeout, id);
  return *datagrams_.find(id);
}

std::size_t FragmentTracker::remove(Id id) {
  Datagram& datagram = *datagrams_.find(id);
  if (datagram.decision.fate == Fate::unknown) --waiting_;
  const std::size_t lost = take_held(datagram).size();
  by_key_.erase(datagram.key);
  datagrams_.erase(id);
  return lost;
}

std::size_t FragmentTracker::end_due(Instant now) {
  std::size_t lost = 0;
  while (const auto id = queue_.pop_due(now)) lost += remove(*id);
  return lost;
}

void FragmentTracker::clear() {
  datagrams_ = {};
  by_key_.clear();
  queue_ = {};
  waiting_ = fragments_held_ = bytes_held_ = 0;
}

}  // namespace stile::nat
