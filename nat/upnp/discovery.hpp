#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nat/upnp/config.hpp"

// SSDP, as the UPnP Device Architecture 1.1 §1 describes it.

namespace stile::nat::upnp {

/// The multicast group and port on which devices are searched for.
inline constexpr std::uint16_t ssdp_port = 1900;
inline constexpr IpAddress ssdp_group = IpAddress::v4(239, 255, 255, 250);
/// For how long an announcement holds; it is repeated after less than half of it.
inline constexpr Duration announcement_lifetime = std::chrono::seconds(1800);
inline constexpr Duration announcement_interval = std::chrono::seconds(800);

/// The answers to an M-SEARCH, one datagram each; none to what is no search, or is for others.
std::vector<std::string> answers_to_search(const Config& config, std::string_view datagram);

enum class Presence { alive, byebye };
/// To be sent to the group, when the device comes or goes.
std::vector<std::string> notifications(const Config& config, Presence presence);

}  // namespace stile::nat::upnp
