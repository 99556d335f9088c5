#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "nat/shell/link.hpp"
#include "nat/shell/netlink.hpp"
#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat::shell {

struct NextHopCounters {
  std::uint64_t dropped_no_route = 0;
  std::uint64_t dropped_unresolved =
      0;  ///< the next hop does not answer, or too many packets wait for it
};

/// Sends packets out of one link to the next hop that the kernel's routes and neighbours name. The
/// kernel does ARP or neighbour discovery and keeps its table; what it says is remembered here
/// until it says otherwise.
class NextHops {
 public:
  /// `link` outlives this. Throws Problem.
  NextHops(Link& link, int interface_index, Family family = Family::ipv4);

  /// As Link::send(): the bytes before `packet` are overwritten, it lives until the link is
  /// flushed.
  void send(Instant now, MutableBytes packet);

  /// A message of a socket with the groups below came.
  void handle_notification(const NetlinkMessage& message);
  /// Notifications were lost: what is remembered may be wrong.
  void forget_all();

  static const std::uint32_t notification_groups;

  const NextHopCounters& counters() const { return counters_; }

 private:
  // Limit: what is remembered; beyond, routes are forgotten all at once and unknown neighbours are
  // not asked for.
  static constexpr std::size_t max_routes = 65536;
  static constexpr std::size_t max_neighbours = 4096;
  static constexpr std::size_t max_waiting_packets = 16;
  static constexpr Duration confirm_after = std::chrono::seconds(30);

  struct Neighbour {
    std::optional<MacAddress> mac;
    Instant asked{};
    std::vector<ByteVector> waiting;
  };

  std::optional<IpAddress> next_hop_of(const IpAddress& destination);
  std::optional<IpAddress> ask_route(const IpAddress& destination);
  Neighbour* neighbour_of(Instant now, const IpAddress& next_hop);
  std::optional<MacAddress> ask_neighbour(const IpAddress& next_hop);
  void confirm(const IpAddress& next_hop);
  void resolved(Neighbour& neighbour, const MacAddress& mac);
  void failed(const IpAddress& next_hop);

  Link& link_;
  int interface_index_;
  Family family_;
  NetlinkSocket netlink_;
  NextHopCounters counters_;
  std::unordered_map<IpAddress, IpAddress> routes_;
  std::unordered_map<IpAddress, Neighbour> neighbours_;
};

}  // namespace stile::nat::shell
