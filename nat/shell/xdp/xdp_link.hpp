#pragma once

#include <linux/if_xdp.h>

#include <vector>

#include "nat/shell/descriptor.hpp"
#include "nat/shell/link.hpp"
#include "nat/shell/xdp/xdp_filter.hpp"
#include "nat/shell/xdp/xdp_ring.hpp"

namespace stile::nat::shell {

/// A Link over AF_XDP: an XDP program takes what is translated before the kernel makes anything of
/// it, and the frames lie in memory that both share.
///
/// Limit: an interface with one receive queue, an MTU that fits into a frame of 4096 bytes, and
/// nothing stacked on it (VLANs, bonds), whose frames could not be told apart.
class XdpLink : public Link {
 public:
  /// Throws Problem, also where the interface does not allow it.
  XdpLink(const RealmSetup& realm, const std::vector<FencedPrefix>& prefixes);

  int fd() const override { return fd_.get(); }
  std::span<const ReceivedPacket> receive() override;
  void send(const MacAddress& to, MutableBytes packet) override { send_copy(to, packet); }
  void send_copy(const MacAddress& to, Bytes packet) override;
  void flush() override;
  void leave_to_kernel(const std::vector<IpAddress>& addresses) override {
    filter_.leave_to_kernel(addresses);
  }
  std::string_view name() const override { return "xdp"; }

 private:
  static constexpr std::size_t batch_size = 64;
  static constexpr std::size_t frame_size = 4096;
  static constexpr std::uint32_t ring_size = 2048;  ///< frames each way

  void make_rings();
  void bind();
  void give_back_received();
  void admit(const xdp_desc& frame);
  void reclaim_sent();

  Interface interface_;
  Family family_;
  XdpFilter filter_;
  Descriptor fd_;
  SharedMemory frames_;
  XdpRing<std::uint64_t> fill_;  ///< frames that the kernel may receive into
  XdpRing<xdp_desc> received_ring_;
  XdpRing<xdp_desc> send_ring_;
  XdpRing<std::uint64_t> sent_ring_;
  std::vector<std::uint64_t> handed_out_;  ///< frames that `received_` is in
  std::vector<std::uint64_t> free_;        ///< frames to send
  std::vector<ReceivedPacket> received_;
};

}  // namespace stile::nat::shell
