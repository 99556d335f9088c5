#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "stile/base/bytes.hpp"

namespace stile::nat::shell {

/// What the kernel had left for the network card to do, told with each received frame (packet(7),
/// PACKET_VNET_HDR): the struct virtio_net_hdr of <linux/virtio_net.h>, which is no C++. In the
/// byte order of this machine.
struct OffloadHeader {
  static constexpr std::uint8_t needs_checksum = 1;  ///< in `flags`
  enum BundleType : std::uint8_t {
    none = 0,
    tcp_ipv4 = 1,
    tcp_ipv6 = 4,
    udp_datagrams = 5,
    ecn_bit = 0x80
  };

  std::uint8_t flags = 0;
  std::uint8_t bundle_type = none;
  std::uint16_t header_length = 0;
  std::uint16_t bundle_payload = 0;   ///< bytes of payload in each packet of the bundle
  std::uint16_t checksum_start = 0;   ///< from the Ethernet header on
  std::uint16_t checksum_offset = 0;  ///< from checksum_start on
};
static_assert(sizeof(OffloadHeader) == 10);

/// Bytes before each IP packet that a Link writes its headers into.
inline constexpr std::size_t frame_headroom = sizeof(OffloadHeader) + 14;

/// Fills in a checksum that was left open. `frame` begins with the Ethernet header. False if the
/// header points outside.
bool complete_checksum(const OffloadHeader& offload, MutableBytes frame);

/// The same for a packet that has lost its header on the way (XDP): one whose field holds the sum
/// of the pseudo header. A complete checksum that happens to be equal comes out as it was. Of
/// tunnels, the outer packet alone is mended.
void complete_open_checksum(MutableBytes packet);

/// Whether `offload` announces several TCP segments or UDP datagrams in one.
inline bool is_bundle(const OffloadHeader& offload) {
  return offload.bundle_type != OffloadHeader::none;
}

/// Cuts the bundles of segmentation offload (GSO, GRO) into the packets that a wire would carry,
/// checksums complete.
class Segmenter {
 public:
  /// `packet` begins with the IP header and ends with its last byte. Empty if it is not a bundle of
  /// TCP or UDP that can be cut. The views have frame_headroom free bytes before them and live
  /// until the next call.
  std::span<MutableBytes> cut(const OffloadHeader& offload, Bytes packet);

 private:
  ByteVector arena_;
  std::vector<MutableBytes> segments_;
};

}  // namespace stile::nat::shell
