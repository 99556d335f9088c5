#include "server/shell/send_groups.hpp"

namespace stile::server {

void SendGroups::add(int fd, const TransportAddress& to, relay::IpFields fields, std::size_t size) {
  std::uint16_t& latest = latest_of(fd, to);
  const bool known = latest < count_ && groups_[latest].fd == fd && groups_[latest].to == to &&
                     groups_[latest].fields == fields;
  if (!known || !takes(groups_[latest], size)) {
    latest = static_cast<std::uint16_t>(count_++);
    groups_[latest] = {fd, to, fields, size, 0, 0, size > 0 && size <= longest_segment};
  }
  SendGroup& group = groups_[latest];
  group.bytes += size;
  ++group.count;
  if (size < group.segment) group.open = false;
  group_of_[datagrams_++] = latest;
}

void SendGroups::clear() {
  datagrams_ = count_ = 0;
}

/// An empty datagram would vanish behind whole segments.
bool SendGroups::takes(const SendGroup& group, std::size_t size) {
  return group.open && size > 0 && size <= group.segment && group.count < most_segments &&
         group.bytes + size <= most_bytes;
}

std::uint16_t& SendGroups::latest_of(int fd, const TransportAddress& to) {
  const std::uint32_t host = load_u32(to.ip.v6_bytes().data() + 12);
  const std::uint32_t mixed =
      (host ^ std::uint32_t{to.port} << 16 ^ static_cast<std::uint32_t>(fd)) * 0x9e3779b1u;
  return latest_[mixed >> 16 & (latest_.size() - 1)];
}

}  // namespace stile::server
