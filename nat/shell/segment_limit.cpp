#include "nat/shell/segment_limit.hpp"

#include <algorithm>

#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"
#include "nat/packet/tcp.hpp"

namespace stile::nat::shell {

namespace {

/// RFC 9293 §3.7.1: what a packet of that MTU has room for, without options.
std::uint16_t room_for_segment(const RealmSetup& realm) {
  const std::size_t ip =
      realm.family == Family::ipv4 ? Ipv4View::min_header : Ipv6View::header_length;
  const std::size_t headers = ip + TcpView::min_header;
  const std::size_t mtu = std::max<std::size_t>(realm.interface.mtu, headers + 1);
  return static_cast<std::uint16_t>(mtu - headers);
}

}  // namespace

std::optional<std::uint16_t> segment_limit(const RunOptions& options, const Placement& placement) {
  if (!options.clamp_mss || *options.clamp_mss > 0) return options.clamp_mss;
  return std::min(room_for_segment(placement.inside), room_for_segment(placement.outside));
}

}  // namespace stile::nat::shell
