#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stile/base/address.hpp"

namespace stile::nat::upnp {

/// Where a subscriber wants its events.
struct CallbackUrl {
  TransportAddress address;
  std::string path;
};

/// Limit: of one URL, bytes.
inline constexpr std::size_t max_callback_url = 256;

/// The first URL of a CALLBACK field that counts: http, and its host is the subscriber's own
/// address as a literal. A name, or another address, would have this device send to whomever a
/// subscriber chooses (CVE-2020-12695).
std::optional<CallbackUrl> callback_url(std::string_view field, const IpAddress& subscriber);

}  // namespace stile::nat::upnp
