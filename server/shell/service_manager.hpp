#pragma once

#include <string_view>

namespace stile::server {

/// Tells whoever has started us, if it has asked for that (sd_notify(3): systemd, Type=notify):
/// "READY=1", "STOPPING=1".
void tell_service_manager(std::string_view state);

}  // namespace stile::server
