#pragma once

#include <optional>
#include <string>
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

/// One who asks for addresses (RFC 6762 §5).
struct Query {
  std::uint16_t id = 0;
  std::vector<std::string> names;  ///< in lower case, each once
  bool unicast = false;            ///< the answer may go to who asks alone (§5.4)
};
/// The names under .local whose addresses are asked for; none if it is no query, is cut off or
/// broken. Limit: the first 16 questions.
Query query_in(Bytes message);

/// Says that the name has this address. With the id of one who is no mDNS responder it is
/// repeated, and so is the question (RFC 6762 §6.7).
ByteVector address_response(std::string_view name, const IpAddress& address,
                            std::optional<std::uint16_t> legacy_id = {});

}  // namespace stile::mdns
