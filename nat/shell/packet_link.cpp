#include "nat/shell/packet_link.hpp"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"
#include "nat/shell/bundle.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

constexpr int socket_buffer_size = 8 << 20;

constexpr sock_filter statement(int code, std::uint32_t value) {
  return {static_cast<std::uint16_t>(code), 0, 0, value};
}
/// Falls through if the loaded value equals `value`, else skips `else_skip` instructions.
constexpr sock_filter unless_equal(std::uint32_t value, int else_skip) {
  return {BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<std::uint8_t>(else_skip), value};
}
constexpr std::uint32_t ancillary(int what) {
  return static_cast<std::uint32_t>(SKF_AD_OFF + what);
}

constexpr std::uint16_t ethertype(Family family) {
  return family == Family::ipv4 ? ETHERTYPE_IP : ETHERTYPE_IPV6;
}

/// How many of them, from the first on, have the same Ethernet header.
std::size_t to_one_address(std::span<const MutableBytes> packets) {
  constexpr std::size_t header = frame_headroom - sizeof(OffloadHeader);
  const auto header_of = [](MutableBytes packet) { return Bytes(packet.data() - header, header); };
  const auto other = std::ranges::find_if_not(packets, [&](MutableBytes packet) {
    return std::ranges::equal(header_of(packet), header_of(packets.front()));
  });
  return static_cast<std::size_t>(other - packets.begin());
}

void set_option(int fd, int level, int name, const void* value, socklen_t size, const char* what) {
  if (::setsockopt(fd, level, name, value, size) != 0) throw Problem(with_errno(what));
}

}  // namespace

PacketLink::PacketLink(const Interface& interface, Family family)
    : interface_(interface),
      family_(family),
      // Protocol 0 receives nothing until it is bound, so no frame passes before the filter stands.
      fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      receive_buffers_(batch_size * buffer_size) {
  if (!fd_) throw Problem(with_errno("opening a packet socket"));
  attach_filter();
  const int on = 1;
  set_option(fd_.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on, "PACKET_VNET_HDR");
  set_option(fd_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on,
             "PACKET_IGNORE_OUTGOING");
  enlarge_buffers();
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = interface_.index;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw Problem(with_errno("binding a packet socket to " + interface_.name));
  for (std::size_t i = 0; i < batch_size; ++i) {
    receive_vectors_[i] = {receive_buffers_.data() + i * buffer_size, buffer_size};
    receive_headers_[i].msg_hdr.msg_iov = &receive_vectors_[i];
    receive_headers_[i].msg_hdr.msg_iovlen = 1;
  }
}

/// Packets of the family to this interface's own MAC address, and not of a VLAN above it.
void PacketLink::attach_filter() {
  const std::array<sock_filter, 8> program{
      statement(BPF_LD | BPF_H | BPF_ABS, 12),
      unless_equal(ethertype(family_), 5),
      statement(BPF_LD | BPF_B | BPF_ABS, ancillary(SKF_AD_PKTTYPE)),
      unless_equal(PACKET_HOST, 3),
      statement(BPF_LD | BPF_B | BPF_ABS, ancillary(SKF_AD_VLAN_TAG_PRESENT)),
      unless_equal(0, 1),
      statement(BPF_RET | BPF_K, 0xffffffff),
      statement(BPF_RET | BPF_K, 0),
  };
  const sock_fprog filter{program.size(), const_cast<sock_filter*>(program.data())};
  set_option(fd_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter,
             "attaching a packet filter");
}

void PacketLink::enlarge_buffers() {
  // Beyond what the system allows everyone; without the right to that the defaults do.
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &socket_buffer_size,
               sizeof socket_buffer_size);
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &socket_buffer_size,
               sizeof socket_buffer_size);
}

std::span<const ReceivedPacket> PacketLink::receive() {
  received_.clear();
  const int count =
      ::recvmmsg(fd_.get(), receive_headers_.data(), batch_size, MSG_DONTWAIT, nullptr);
  if (count < 0) {
    // ENETDOWN is told once when the interface goes down; it may come up again.
    if (errno != EAGAIN && errno != EINTR) require_present(interface_);
    return {};
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
    admit(i, receive_headers_[i].msg_len);
  return received_;
}

void PacketLink::admit(std::size_t index, std::size_t length) {
  ++counters_.received;
  std::uint8_t* buffer = receive_buffers_.data() + index * buffer_size;
  const bool cut_short = (receive_headers_[index].msg_hdr.msg_flags & MSG_TRUNC) != 0;
  ReceivedPacket received;
  if (!cut_short && length > frame_headroom) {
    std::memcpy(&received.offload, buffer, sizeof received.offload);
    const MutableBytes frame(buffer + sizeof(OffloadHeader), length - sizeof(OffloadHeader));
    const auto packet = packet_in({buffer + frame_headroom, length - frame_headroom});
    if (packet && complete_checksum(received.offload, frame)) {
      received.packet = *packet;
      received_.push_back(received);
      return;
    }
  }
  ++counters_.dropped_malformed;
}

void PacketLink::send(const MacAddress& to, MutableBytes packet) {
  std::uint8_t* header = packet.data() - frame_headroom;
  std::ranges::fill(MutableBytes(header, sizeof(OffloadHeader)), std::uint8_t{0});
  header += sizeof(OffloadHeader);
  std::ranges::copy(to, header);
  std::ranges::copy(interface_.mac, header + 6);
  store_u16(header + 12, ethertype(family_));
  queued_.push_back(packet);
  if (queued_.size() >= batch_size) flush();
}

void PacketLink::send_copy(const MacAddress& to, Bytes packet) {
  ByteVector& copy = copies_.emplace_back(frame_headroom + packet.size());
  std::ranges::copy(packet, copy.begin() + frame_headroom);
  send(to, MutableBytes(copy).subspan(frame_headroom));
}

void PacketLink::flush() {
  send_vectors_.reserve(queued_.size());
  for (const MutableBytes packet : queued_) add_message({&packet, 1});
  send_messages();
}

void PacketLink::flush_bundle() {
  if (!joins_) return flush();
  send_vectors_.reserve(queued_.size());
  for (auto rest = std::span<const MutableBytes>(queued_); !rest.empty();) {
    const std::size_t count = bundle_length(rest.first(to_one_address(rest)));
    const auto packets = rest.first(count);
    add_message(packets);
    if (count > 1) {
      const OffloadHeader offload = write_bundle_headers(packets);
      std::memcpy(packets.front().data() - frame_headroom, &offload, sizeof offload);
    }
    rest = rest.subspan(count);
  }
  send_messages();
}

/// The first of them whole, of the others what a bundle takes. There is room in send_vectors_.
void PacketLink::add_message(std::span<const MutableBytes> packets) {
  mmsghdr& message = send_headers_.emplace_back();
  const MutableBytes first = packets.front();
  send_vectors_.push_back({first.data() - frame_headroom, frame_headroom + first.size()});
  message.msg_hdr.msg_iov = &send_vectors_.back();
  message.msg_hdr.msg_iovlen = packets.size();
  for (const MutableBytes packet : packets.subspan(1)) {
    const Bytes payload = payload_in_bundle(packet);
    send_vectors_.push_back({const_cast<std::uint8_t*>(payload.data()), payload.size()});
  }
}

void PacketLink::send_messages() {
  for (std::size_t done = 0; done < send_headers_.size();) {
    const auto left = static_cast<unsigned>(send_headers_.size() - done);
    const int count = ::sendmmsg(fd_.get(), &send_headers_[done], left, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    // The error is the first message's; the others are tried without it.
    if (count <= 0) note_refusal(send_headers_[done], errno);
    const std::size_t taken = count <= 0 ? 0 : static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < taken; ++i)
      counters_.sent += send_headers_[done + i].msg_hdr.msg_iovlen;
    done += std::max<std::size_t>(taken, 1);
  }
  queued_.clear();
  send_vectors_.clear();
  send_headers_.clear();
  copies_.clear();
}

/// Limit: the first bundle that a kernel does not know how to cut is lost.
void PacketLink::note_refusal(const mmsghdr& message, int error) {
  counters_.dropped_send += message.msg_hdr.msg_iovlen;
  const bool never = error == EINVAL || error == EIO || error == EMSGSIZE || error == EOPNOTSUPP;
  if (message.msg_hdr.msg_iovlen > 1 && never) joins_ = false;
}

}  // namespace stile::nat::shell
