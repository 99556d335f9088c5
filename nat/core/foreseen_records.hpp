#pragma once

#include <array>
#include <cstdint>

#include "nat/core/mapping.hpp"

namespace stile::nat {

/// The sessions that packets to come seem to belong to, or the mappings of UDP without sessions, in
/// their order, so that none is looked up twice. They are guesses: what they named may have ended,
/// and packets may have come in between.
class ForeseenRecords {
 public:
  static constexpr std::size_t most = 64;  ///< Limit: further packets are looked up when they come

  void clear() { count_ = next_ = 0; }
  void add(std::uint32_t record) {
    if (count_ < most) numbers_[count_++] = record;
  }
  /// The next packet's, if `is` says so; if not, that of one packet further, for this one was of
  /// another kind, or that of the packet before, which was a part of the same bundle. `no_record`
  /// if it is none of them.
  template <class Is>
  std::uint32_t take(Is&& is) {
    if (next_ < count_ && is(numbers_[next_])) return numbers_[next_++];
    return take_near(is);
  }

 private:
  template <class Is>
  [[gnu::noinline]] std::uint32_t take_near(Is& is) {
    if (next_ + 1 < count_ && is(numbers_[next_ + 1])) return numbers_[(next_ += 2) - 1];
    if (next_ > 0 && next_ <= count_ && is(numbers_[next_ - 1])) return numbers_[next_ - 1];
    ++next_;
    return no_record;
  }

  std::array<std::uint32_t, most> numbers_{};
  std::size_t count_ = 0;
  std::size_t next_ = 0;
};

}  // namespace stile::nat
