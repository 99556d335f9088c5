#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nat/shell/arp_responder.hpp"
#include "nat/shell/attachment.hpp"
#include "nat/shell/kernel_fence.hpp"
#include "nat/shell/link.hpp"
#include "nat/shell/neighbour_responder.hpp"
#include "nat/shell/next_hops.hpp"
#include "nat/shell/option_words.hpp"

namespace stile::nat::shell {

/// Two interfaces that carry Ethernet frames, and a fence that keeps the kernel away from what
/// comes in on them.
class EthernetAttachment : public Attachment {
 public:
  /// From here on the kernel leaves the packets alone. Throws Problem.
  EthernetAttachment(const std::string& name, const Placement& placement, PacketsBy packets_by);

  void start(EventLoop& loop, Handlers handlers) override;
  void send(Instant now, Side to, MutableBytes packet) override {
    realm(to).next_hops.send(now, packet);
  }
  void flush() override;
  void flush_bundle() override;
  void follow(const Placement& placement) override;
  RealmCounters counters(Side side) const override;
  std::string_view kind(Side side) const override { return realm(side).link->name(); }

 private:
  struct Realm {
    Realm(const RealmSetup& setup, std::unique_ptr<Link> made);
    bool is_left_to_kernel(Bytes packet) const;
    bool takes_new_mtu(const NetlinkMessage& message);
    std::unique_ptr<Link> link;
    NextHops next_hops;
    std::vector<IpAddress> left_to_kernel;
    int index;
    std::uint32_t mtu;
  };

  Realm& realm(Side side) { return side == Side::inside ? inside_ : outside_; }
  const Realm& realm(Side side) const { return side == Side::inside ? inside_ : outside_; }
  void receive(Side from);
  void handle_kernel_news();

  KernelFence fence_;  ///< before the links: no packet is handled twice
  Realm inside_;
  Realm outside_;
  NetlinkSocket kernel_news_;  ///< neighbours, routes, addresses, links
  std::optional<ArpResponder> arp_;
  std::list<NeighbourResponder> neighbours_;
  Handlers handlers_;
  std::vector<ReceivedPacket> translated_;  ///< of those received
};

}  // namespace stile::nat::shell
