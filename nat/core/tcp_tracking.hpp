#pragma once

#include <cstdint>

#include "nat/core/nat.hpp"
#include "nat/packet/tcp.hpp"

namespace stile::nat {

/// A TCP connection seen from the middle: enough to know which idle timeout applies (RFC 5382 §5,
/// RFC 7857 §2). Small, as each session has one.
class [[gnu::packed, gnu::aligned(2)]] TcpTracking {
 public:
  /// A segment of the connection passes, coming from `from`. Says whether it may refresh the
  /// session: a RST may not.
  bool track(Side from, const TcpView& segment);

  TcpState state() const;
  /// RFC 6146 §3.5.2.2: nobody has sent for so long that the connection may be no more. Any segment
  /// dispels that.
  void doubt() { end(Side::outside).was_reset = true; }
  /// A connection whose state is known and whose sequence numbers are not.
  static TcpTracking resumed(TcpState state);

 private:
  /// One end: what it has sent, and what it would accept.
  struct [[gnu::packed]] End {
    bool has_window() const { return sent_ack && window_scale != unknown; }

    std::uint32_t next_expected = 0;  ///< its last acknowledgment number, once it has sent one
    std::uint16_t window = 0;         ///< as it stands in the segment
    std::uint8_t window_scale : 4 = 0;
    bool is_scaled : 1 = false;  ///< the window is, as it is not from a SYN (RFC 7323 §2.2)
    bool sent_ack : 1 = false;
    bool sent_fin : 1 = false;
    bool was_reset : 1 = false;  ///< the other end has said so
  };
  static_assert(sizeof(End) == 7);
  /// No shift count: nothing was seen of this end yet.
  static constexpr std::uint8_t unknown = 15;

  End& end(Side side) { return ends_[static_cast<std::size_t>(side)]; }
  const End& end(Side side) const { return ends_[static_cast<std::size_t>(side)]; }
  bool is_reset() const { return ends_[0].was_reset || ends_[1].was_reset; }
  static bool would_accept(const End& receiver, const TcpView& segment);

  End ends_[2];
};
static_assert(sizeof(TcpTracking) == 14);

}  // namespace stile::nat
