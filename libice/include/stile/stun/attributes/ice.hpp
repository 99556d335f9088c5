#pragma once

#include "stile/stun/attributes/primitive.hpp"

namespace stile::stun {

using PriorityAttribute = U32Attribute<AttributeType::priority>;      // RFC 8445 §16.1
using UseCandidate = FlagAttribute<AttributeType::use_candidate>;     // RFC 8445 §16.1
using IceControlled = U64Attribute<AttributeType::ice_controlled>;    // RFC 8445 §16.1
using IceControlling = U64Attribute<AttributeType::ice_controlling>;  // RFC 8445 §16.1
using NominationAttribute =
    U32Attribute<AttributeType::nomination>;  // draft-thatcher-ice-renomination §3

}  // namespace stile::stun
