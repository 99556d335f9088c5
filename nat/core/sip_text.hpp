#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "nat/core/endpoint.hpp"

namespace stile::nat {

/// Gives the external endpoint of an inside one, making a mapping for media; nothing if it cannot.
using MapMedia = std::function<std::optional<Endpoint>(Endpoint inside)>;

/// A SIP message (RFC 3261 §7) whose sender is inside, as it would have been written outside: Via,
/// Contact and the like name `external` in place of `inside`, a session description (RFC 8866)
/// names external media ports, and the length of the body is right. Nothing if it is no SIP
/// message, or has nothing to be changed.
std::optional<std::string> sip_for_outside(std::string_view message, Endpoint inside,
                                           Endpoint external, const MapMedia& map_media);
/// The other way round, for what comes back: `external` becomes `inside`.
std::optional<std::string> sip_for_inside(std::string_view message, Endpoint inside,
                                          Endpoint external);
/// As some routers do it: each occurrence of the inside address is replaced, ports, media and
/// lengths are left as they are.
std::optional<std::string> sip_spoiled(std::string_view message, Endpoint inside,
                                       Endpoint external);

}  // namespace stile::nat
