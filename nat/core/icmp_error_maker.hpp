#pragma once

#include <array>
#include <optional>

#include "nat/core/config.hpp"
#include "nat/core/counters.hpp"
#include "nat/core/protocol.hpp"
#include "stile/base/bytes.hpp"

namespace stile::nat {

struct IcmpErrorKind {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t rest = 0;  ///< second word of the header
};

/// RFC 1812 §4.3.2: the errors that the NAT itself sends, when it may.
class IcmpErrorMaker {
 public:
  IcmpErrorMaker(const Config& config, Counters& counters) : config_(config), counters_(counters) {}

  /// The error about `packet` (as its sender sent it), which goes back to the sender; nothing if
  /// RFC 1812 §4.3.2.7 forbids one or the rate for that side is used up.
  std::optional<ByteVector> make(Instant now, Side toward, std::uint32_t source, IcmpErrorKind kind,
                                 Bytes packet);

 private:
  Bytes quote(Bytes packet, Side toward) const;
  bool within_rate(Instant now, Side toward);

  const Config& config_;
  Counters& counters_;
  /// When the errors sent so far would all have been due at the steady rate.
  std::array<Instant, 2> paid_until_{};
};

}  // namespace stile::nat
