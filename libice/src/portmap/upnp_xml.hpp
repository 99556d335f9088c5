#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stile/portmap/upnp.hpp"

namespace stile::portmap {

bool can_read_xml();

/// Those of a device's description that map ports, of all its devices, in its order. Their controls
/// must be at the address of `from`, where the description came from.
std::vector<UpnpService> services_in(std::string_view description, const TransportAddress& from);

/// The text of an element of this name, wherever it is: an argument of a SOAP response, or the
/// errorCode of a fault.
std::optional<std::string> element_text(std::string_view document, std::string_view name);

}  // namespace stile::portmap
