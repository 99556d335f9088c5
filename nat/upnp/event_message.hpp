#pragma once

#include <cstdint>
#include <string>

#include "nat/upnp/callback_url.hpp"
#include "nat/upnp/soap.hpp"

namespace stile::nat::upnp {

/// A NOTIFY, as UPnP Device Architecture 1.1 §4.3.2 has it.
std::string event_message(const CallbackUrl& to, const std::string& sid, std::uint32_t key,
                          const Results& variables);

}  // namespace stile::nat::upnp
