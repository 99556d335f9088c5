#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "nat/upnp/config.hpp"

namespace stile::nat::upnp {

/// A device or service of the gateway, as it can be searched for. The three devices lie in one
/// another, and their unique names differ in the last digit.
struct Target {
  std::string_view type;  ///< without its version: `urn:schemas-upnp-org:device:WANDevice:`
  unsigned version = 1;   ///< and those before
  char device = '0';      ///< the last digit of the device's name
};

inline constexpr std::array<Target, 5> targets{{
    {"urn:schemas-upnp-org:device:InternetGatewayDevice:", 2, '0'},
    {"urn:schemas-upnp-org:device:WANDevice:", 2, '1'},
    {"urn:schemas-upnp-org:service:WANCommonInterfaceConfig:", 1, '1'},
    {"urn:schemas-upnp-org:device:WANConnectionDevice:", 2, '2'},
    {"urn:schemas-upnp-org:service:WANIPConnection:", 2, '2'},
}};

inline constexpr std::string_view description_path = "/device.xml";
inline constexpr std::string_view connection_control_path = "/control/connection";
inline constexpr std::string_view common_control_path = "/control/common";
inline constexpr std::string_view connection_event_path = "/event/connection";
inline constexpr std::string_view common_event_path = "/event/common";

/// `uuid:...` of one of the devices.
std::string unique_name(const Config& config, char device);

/// The documents: the device's description, the services' descriptions. Nothing for other paths.
std::optional<std::string> document(const Config& config, std::string_view path);

/// What the software says that it is.
inline constexpr std::string_view server_name = "Linux UPnP/1.1 stile-nat/0.1";

}  // namespace stile::nat::upnp
