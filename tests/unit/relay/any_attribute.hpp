#pragma once

#include "stile/stun/message_builder.hpp"

namespace stile::relay::test {

/// An attribute of any type.
struct AnyAttribute {
  stun::AttributeType type;
  ByteVector value;
  void write(stun::MessageBuilder& builder) const { builder.add(type, value); }
};

}  // namespace stile::relay::test
