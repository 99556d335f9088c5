#pragma once

#include <cstdint>

namespace stile::nat {

/// By how much the sequence numbers of one side of a TCP connection differ behind the NAT, when
/// text in it was made longer or shorter (RFC 5382 §9). What was sent before the last change may be
/// sent again, so the difference before it is kept.
class SequenceOffset {
 public:
  bool is_none() const { return before_ == 0 && after_ == 0; }
  /// A segment that begins at `sequence`, as its sender counts, has become longer by `bytes`. Once
  /// more for the same segment changes nothing.
  void add(std::uint32_t sequence, std::int32_t bytes) {
    if (has_change_ && is_not_after(sequence, changed_at_)) return;
    has_change_ = true;
    changed_at_ = sequence;
    before_ = after_;
    after_ += bytes;
  }
  /// Of a sequence number as its sender counts, what the other side is to see.
  std::uint32_t applied_to(std::uint32_t sequence) const {
    return sequence +
           static_cast<std::uint32_t>(is_not_after(sequence, changed_at_) ? before_ : after_);
  }
  /// Of an acknowledgment by the other side, what the sender is to see.
  std::uint32_t removed_from(std::uint32_t acknowledgment) const {
    const std::uint32_t as_before = acknowledgment - static_cast<std::uint32_t>(before_);
    if (is_not_after(as_before, changed_at_)) return as_before;
    return acknowledgment - static_cast<std::uint32_t>(after_);
  }

 private:
  static bool is_not_after(std::uint32_t a, std::uint32_t b) {
    return static_cast<std::int32_t>(a - b) <= 0;
  }

  bool has_change_ = false;
  std::uint32_t changed_at_ = 0;
  std::int32_t before_ = 0;
  std::int32_t after_ = 0;
};

}  // namespace stile::nat
