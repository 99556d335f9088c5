#pragma once

#include <string_view>
#include <vector>

#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::mdns {

/// Where queries go (RFC 6762 §3).
inline const TransportAddress group{IpAddress::v4(224, 0, 0, 251), 5353};

/// Whether it is one to be asked for here: `something.local` (RFC 6762 §3), in one label as
/// browsers make them, 1 to 63 bytes.
bool is_name(std::string_view host);
/// A query for the addresses of the name. Who asks from another port than 5353 is answered by
/// unicast (RFC 6762 §6.7).
ByteVector address_query(std::uint16_t id, std::string_view name);
/// The addresses of the name that the response has; none if it is no response, is cut off or
/// broken.
std::vector<IpAddress> addresses_in(Bytes response, std::string_view name);

}  // namespace stile::mdns
