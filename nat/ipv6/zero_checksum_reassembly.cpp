#include "nat/ipv6/zero_checksum_reassembly.hpp"

#include <algorithm>

#include "nat/packet/udp.hpp"

namespace stile::nat {

namespace {

/// RFC 791 §2.3.
FlowKey key_of(const Ipv4View& fragment) {
  return {std::uint64_t{fragment.source()} << 32 | fragment.destination(),
          fragment.identification()};
}

bool has_no_checksum(const Ipv4View& first) {
  constexpr std::size_t checksum_at = 6;
  return first.payload().size() >= UdpView::header_length &&
         load_u16(first.payload().data() + checksum_at) == 0;
}

}  // namespace

bool ZeroChecksumReassembly::take(Instant now, const Ipv4View& fragment,
                                  std::optional<ByteVector>& whole) {
  if (fragment.protocol() != ip_protocol::udp || !fragment.is_fragment()) return false;
  const FlowKey key = key_of(fragment);
  const Id* known = by_key_.find(key);
  Datagram* datagram = known ? datagrams_.find(*known) : nullptr;
  if (!datagram) {
    if (fragment.fragment_offset() != 0 || !has_no_checksum(fragment)) return false;
    datagram = start(now, key, fragment);
    if (!datagram) {
      ++refused_;
      return true;
    }
  }
  if (datagram->is_refused) return true;
  if (!add(*datagram, fragment)) {
    datagram->is_refused = true;
    forget_parts(*datagram);
    ++refused_;
    return true;
  }
  if (datagram->length != datagram->bytes) return true;
  whole = joined(*datagram);
  remove(*by_key_.find(key));
  return true;
}

ZeroChecksumReassembly::Datagram* ZeroChecksumReassembly::start(Instant now, const FlowKey& key,
                                                                const Ipv4View& first) {
  if (datagrams_.size() >= most_datagrams) return nullptr;
  Datagram datagram;
  datagram.key = key;
  datagram.header = copy_of(first.header());
  const Id id = datagrams_.insert(std::move(datagram));
  by_key_.at(key) = id;
  queue_.put(id.index, now + timeout_);
  return datagrams_.find(id);
}

/// False if it contradicts the others, or is too much. RFC 1858 §3: what overlaps may be there to
/// replace what was judged; the same once more is only the network's.
bool ZeroChecksumReassembly::add(Datagram& datagram, const Ipv4View& fragment) {
  const std::size_t offset = fragment.fragment_offset();
  const Bytes part = fragment.payload();
  const std::size_t end = offset + part.size();
  if (const auto same = datagram.parts.find(offset);
      same != datagram.parts.end() && same->second.size() == part.size())
    return std::ranges::equal(same->second, part);
  if (part.empty() || datagram.header.size() + end > 65'535) return false;
  if (fragment.more_fragments() && part.size() % 8 != 0) return false;
  if (!fragment.more_fragments()) {
    if (datagram.length) return false;
    datagram.length = end;
  }
  const auto after = datagram.parts.lower_bound(offset);
  if (after != datagram.parts.end() && after->first < end) return false;
  if (after != datagram.parts.begin()) {
    const auto before = std::prev(after);
    if (before->first + before->second.size() > offset) return false;
  }
  if (datagram.length && !datagram.parts.empty()) {
    const auto last = std::prev(datagram.parts.end());
    if (std::max(end, last->first + last->second.size()) > *datagram.length) return false;
  }
  if (datagram.parts.size() >= most_fragments || bytes_held_ + part.size() > most_bytes)
    return false;
  datagram.parts.emplace(offset, copy_of(part));
  datagram.bytes += part.size();
  bytes_held_ += part.size();
  return true;
}

/// Without holes: its parts do not overlap, and are as long together as it is.
ByteVector ZeroChecksumReassembly::joined(const Datagram& datagram) {
  ByteVector whole = datagram.header;
  for (const auto& [offset, part] : datagram.parts)
    whole.insert(whole.end(), part.begin(), part.end());
  const auto packet = *Ipv4Packet::parse_quoted(MutableBytes(whole));
  packet.set_fragment(0, false);
  packet.set_total_length(static_cast<std::uint16_t>(whole.size()));
  return whole;
}

std::size_t ZeroChecksumReassembly::end_due(Instant now) {
  std::size_t ended = 0;
  while (queue_.earliest() <= now) {
    const Id id = datagrams_.id_at(queue_.first().number);
    if (!datagrams_.find(id)->is_refused) ++ended;
    remove(id);
  }
  return ended;
}

void ZeroChecksumReassembly::forget_parts(Datagram& datagram) {
  bytes_held_ -= datagram.bytes;
  datagram.bytes = 0;
  datagram.parts.clear();
}

void ZeroChecksumReassembly::remove(Id id) {
  Datagram& datagram = *datagrams_.find(id);
  forget_parts(datagram);
  by_key_.erase(datagram.key);
  queue_.remove(id.index);
  datagrams_.erase(id);
}

}  // namespace stile::nat
