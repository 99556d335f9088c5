#pragma once

#include <expected>

#include "stile/stun/error.hpp"

namespace stile::relay {

/// The attribute is there but cannot be read.
template <class Attribute>
bool malformed(const std::expected<Attribute, stun::ParseError>& got) {
  return !got && got.error() != stun::ParseError::attribute_absent;
}

}  // namespace stile::relay
