#pragma once

#include <array>
#include <span>

#include "stile/stun/message_view.hpp"

namespace stile::relay {

/// The comprehension-required attributes of a message that its receiver does not know (RFC 8489
/// §6.3.1).
// Limit: RFC 8489 §14.13: the first sixteen are listed, so that an answer is never larger than a
// small datagram.
class UnknownRequired {
 public:
  void add(stun::AttributeType type) {
    if (count_ < types_.size()) types_[count_++] = type;
  }
  bool empty() const { return count_ == 0; }
  std::span<const stun::AttributeType> types() const { return {types_.data(), count_}; }

 private:
  std::array<stun::AttributeType, 16> types_{};
  std::size_t count_ = 0;
};

/// Attributes that are known where the server does what they are for: those of RFC 5780 in a
/// Binding request, that of RFC 7635 in one of TURN.
enum class Extension : std::uint8_t { none, behavior_discovery, third_party };

UnknownRequired unknown_required(const stun::MessageView& message, Extension extension);

}  // namespace stile::relay
