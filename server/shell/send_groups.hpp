#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "server/core/ip_fields.hpp"

namespace stile::server {

/// Datagrams that leave from one socket to one destination and that the kernel can be given as one
/// (UDP_SEGMENT): all of `segment` bytes but the last, which may be shorter.
struct SendGroup {
  int fd = -1;
  TransportAddress to;
  relay::IpFields fields;
  std::size_t segment = 0;
  std::size_t bytes = 0;
  std::size_t count = 0;
  bool open = false;  ///< another datagram may follow
};

/// Sorts what waits to be sent into such groups. Datagrams of one flow stay in their order; those
/// of different flows may pass one another.
class SendGroups {
 public:
  static constexpr std::size_t capacity = 256;  ///< datagrams
  // Limits: what the kernel takes as one, and what fits into an Ethernet frame.
  static constexpr std::size_t most_segments = 64;
  static constexpr std::size_t most_bytes = 65'507;
  static constexpr std::size_t longest_segment = 1472;

  /// The next datagram; there must be room for it.
  void add(int fd, const TransportAddress& to, relay::IpFields fields, std::size_t size);
  void clear();

  std::size_t datagrams() const { return datagrams_; }
  /// In the order in which they are to be sent.
  std::span<const SendGroup> groups() const { return {groups_.data(), count_}; }
  /// The group of the n-th datagram.
  std::size_t group_of(std::size_t datagram) const { return group_of_[datagram]; }

 private:
  static bool takes(const SendGroup& group, std::size_t size);
  std::uint16_t& latest_of(int fd, const TransportAddress& to);

  std::size_t datagrams_ = 0;
  std::size_t count_ = 0;
  std::array<SendGroup, capacity> groups_;
  std::array<std::uint16_t, capacity> group_of_{};
  /// By a hash of the flow, its latest group. Where two flows meet the older one is forgotten, and
  /// starts a group anew.
  std::array<std::uint16_t, 2 * capacity> latest_{};
};

}  // namespace stile::server
