#include "portmap/upnp_xml.hpp"

namespace stile::portmap {

bool can_read_xml() {
  return false;
}

std::vector<UpnpService> services_in(std::string_view, const TransportAddress&) {
  return {};
}

std::optional<std::string> element_text(std::string_view, std::string_view) {
  return std::nullopt;
}

}  // namespace stile::portmap
