#pragma once

#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"
#include "stile/stun/channel_data.hpp"

namespace stile::relay {

/// RFC 8656 §9: an IP address that may send to the client, whatever its port.
struct Permission {
  IpAddress peer;
  Instant expires;
};

/// RFC 8656 §12.
struct ChannelBinding {
  stun::ChannelNumber number;
  TransportAddress peer;
  Instant expires;
};

}  // namespace stile::relay
