#pragma once

#include <algorithm>

#include "stile/base/bytes.hpp"

namespace stile::server {

/// Datagrams that were received as one (UDP_GRO), one after the other in a buffer, `gap` bytes
/// between each two: all of `segment` bytes but the last, which may be shorter.
class Segments {
 public:
  // Limit: the kernel joins no more.
  static constexpr std::size_t most = 128;

  Segments() = default;
  Segments(MutableBytes joined, std::size_t segment);

  std::size_t count() const { return count_; }
  MutableBytes operator[](std::size_t index) const;
  /// Moves them apart, so that there is room for a header before each and for padding behind it.
  /// The buffer must have (count() - 1) * `gap` bytes behind the datagrams.
  void spread(std::size_t gap);

 private:
  std::uint8_t* start_ = nullptr;
  std::size_t segment_ = 0;
  std::size_t last_ = 0;  ///< bytes of the last
  std::size_t count_ = 0;
  std::size_t gap_ = 0;
};

}  // namespace stile::server
