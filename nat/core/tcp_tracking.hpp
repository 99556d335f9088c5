#pragma once

#include <cstdint>

#include "nat/core/nat.hpp"
#include "nat/packet/tcp.hpp"

namespace stile::nat {

/// A TCP connection seen from the middle: enough to know which idle timeout applies (RFC 5382 §5,
/// RFC 7857 §2).
class TcpTracking {
 public:
  /// A segment of the connection passes, coming from `from`. Says whether it may refresh the
  /// session: a RST may not.
  bool track(Side from, const TcpView& segment);

  TcpState state() const;
  /// A connection whose state is known and whose sequence numbers are not.
  static TcpTracking resumed(TcpState state);

 private:
  /// One end: what it has sent, and what it would accept.
  struct End {
    bool sent_ack = false;
    bool sent_fin = false;
    bool has_window = false;
    std::uint32_t next_expected = 0;  ///< its last acknowledgment number, once it has sent one
    std::uint32_t window = 0;         ///< in bytes
    std::uint8_t window_scale = 0;
  };

  End& end(Side side) { return ends_[static_cast<std::size_t>(side)]; }
  const End& end(Side side) const { return ends_[static_cast<std::size_t>(side)]; }
  bool would_accept(const End& receiver, const TcpView& segment) const;

  End ends_[2];
  bool reset_ = false;
};

}  // namespace stile::nat
