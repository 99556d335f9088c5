#include "nat/shell/xdp/xdp_link.hpp"

#include <linux/if_ether.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "nat/shell/problem.hpp"
#include "nat/shell/xdp_support.hpp"

namespace stile::nat::shell {

namespace {

constexpr std::size_t ethernet_header = 14;
constexpr std::size_t headroom_of_xdp = 256;

void set_option(int fd, int name, const void* value, socklen_t size, const char* what) {
  if (::setsockopt(fd, SOL_XDP, name, value, size) != 0) throw Problem(with_errno(what));
}

std::size_t count_entries(const std::filesystem::path& folder, std::string_view beginning) {
  std::error_code error;
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    count += entry.path().filename().string().starts_with(beginning) ? 1 : 0;
  return count;
}

/// Why there cannot be one, as far as that shows before it is tried.
std::optional<std::string> problem_with(const Interface& interface) {
  const std::filesystem::path folder = "/sys/class/net/" + interface.name;
  if (count_entries(folder / "queues", "rx-") != 1)
    return "interface " + interface.name +
           " has several receive queues; `ethtool -L` can make it one";
  if (count_entries(folder, "upper_") != 0)
    return "interface " + interface.name + " has others stacked on it";
  if (interface.mtu > 3000) return "interface " + interface.name + " has an MTU of more than 3000";
  return std::nullopt;
}

}  // namespace

std::unique_ptr<Link> make_xdp_link(const RealmSetup& realm, const Placement& placement) {
  if (const auto problem = problem_with(realm.interface))
    throw Problem("--packets xdp: " + *problem);
  return std::make_unique<XdpLink>(realm, placement.fenced_ipv6);
}

XdpLink::XdpLink(const RealmSetup& realm, const std::vector<FencedPrefix>& prefixes)
    : interface_(realm.interface),
      family_(realm.family),
      filter_(realm, prefixes),
      fd_(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0)),
      frames_(2 * ring_size * frame_size, -1, 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE) {
  if (!fd_) throw Problem(with_errno("opening an AF_XDP socket"));
  make_rings();
  for (std::uint32_t i = 0; i < ring_size; ++i) {
    fill_.put(std::uint64_t{i} * frame_size);
    free_.push_back(std::uint64_t{ring_size + i} * frame_size);
  }
  fill_.publish();
  bind();
  filter_.lead_to(fd_.get());
}

void XdpLink::make_rings() {
  xdp_umem_reg memory{};
  memory.addr = reinterpret_cast<std::uintptr_t>(frames_.data());
  memory.len = frames_.size();
  memory.chunk_size = frame_size;
  set_option(fd_.get(), XDP_UMEM_REG, &memory, sizeof memory, "registering memory for packets");
  for (const int ring : {XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING, XDP_TX_RING})
    set_option(fd_.get(), ring, &ring_size, sizeof ring_size, "making a ring of packets");
  xdp_mmap_offsets at{};
  socklen_t size = sizeof at;
  if (::getsockopt(fd_.get(), SOL_XDP, XDP_MMAP_OFFSETS, &at, &size) != 0)
    throw Problem(with_errno("making a ring of packets"));
  fill_ = {fd_.get(), XDP_UMEM_PGOFF_FILL_RING, at.fr, ring_size};
  sent_ring_ = {fd_.get(), XDP_UMEM_PGOFF_COMPLETION_RING, at.cr, ring_size};
  received_ring_ = {fd_.get(), XDP_PGOFF_RX_RING, at.rx, ring_size};
  send_ring_ = {fd_.get(), XDP_PGOFF_TX_RING, at.tx, ring_size};
}

void XdpLink::bind() {
  sockaddr_xdp address{};
  address.sxdp_family = AF_XDP;
  address.sxdp_flags = XDP_USE_NEED_WAKEUP;
  address.sxdp_ifindex = static_cast<std::uint32_t>(interface_.index);
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw Problem(with_errno("binding an AF_XDP socket to " + interface_.name));
}

std::span<const ReceivedPacket> XdpLink::receive() {
  give_back_received();
  const std::uint32_t count =
      std::min(received_ring_.filled(), static_cast<std::uint32_t>(batch_size));
  if (count == 0) require_present(interface_);
  for (std::uint32_t i = 0; i < count; ++i) admit(received_ring_.take());
  received_ring_.release();
  return received_;
}

void XdpLink::give_back_received() {
  received_.clear();
  for (const std::uint64_t frame : handed_out_) fill_.put(frame);
  handed_out_.clear();
  fill_.publish();
  if (fill_.needs_wakeup()) ::recvfrom(fd_.get(), nullptr, 0, MSG_DONTWAIT, nullptr, nullptr);
}

void XdpLink::admit(const xdp_desc& frame) {
  ++counters_.received;
  handed_out_.push_back(frame.addr / frame_size * frame_size);
  const MutableBytes bytes(frames_.data() + frame.addr, frame.len);
  if (bytes.size() > ethernet_header) {
    if (const auto packet = packet_in(bytes.subspan(ethernet_header))) {
      complete_open_checksum(*packet);
      received_.push_back({*packet, {}});
      return;
    }
  }
  ++counters_.dropped_malformed;
}

void XdpLink::send_copy(const MacAddress& to, Bytes packet) {
  if (free_.empty()) flush();
  if (free_.empty() || packet.size() > frame_size - headroom_of_xdp) {
    ++counters_.dropped_send;
    return;
  }
  const std::uint64_t frame = free_.back();
  free_.pop_back();
  std::uint8_t* at = frames_.data() + frame;
  std::ranges::copy(to, at);
  std::ranges::copy(interface_.mac, at + 6);
  store_u16(at + 12, family_ == Family::ipv4 ? ETH_P_IP : ETH_P_IPV6);
  std::ranges::copy(packet, at + ethernet_header);
  send_ring_.put({frame, static_cast<std::uint32_t>(ethernet_header + packet.size()), 0});
  ++counters_.sent;
}

void XdpLink::flush() {
  if (send_ring_.pending() == 0) return;
  send_ring_.publish();
  // A call sends some of them. The kernel drops what the interface does not take.
  constexpr int max_calls = static_cast<int>(ring_size);
  for (int i = 0; i < max_calls && send_ring_.pending() > 0; ++i)
    if (::sendto(fd_.get(), nullptr, 0, MSG_DONTWAIT, nullptr, 0) < 0 && errno != EAGAIN) break;
  reclaim_sent();
}

void XdpLink::reclaim_sent() {
  for (std::uint32_t left = sent_ring_.filled(); left > 0; --left)
    free_.push_back(sent_ring_.take());
  sent_ring_.release();
}

}  // namespace stile::nat::shell
