#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "nat/core/endpoint.hpp"

namespace stile::nat {

/// Where a side of an FTP control connection says that it awaits a data connection: PORT and 227
/// (RFC 959 §4.1.2, §4.2.2), EPRT and 229 (RFC 2428 §2, §3).
struct FtpAnnouncement {
  enum class Form : std::uint8_t { numbers, extended, port_alone };
  Form form = Form::numbers;
  std::size_t at = 0;  ///< of the part to be replaced, in the text
  std::size_t length = 0;
  std::optional<std::uint32_t> address;  ///< 229 names none
  std::uint16_t port = 0;
};

/// Of a command or a reply that the text begins with, if all of its line is there.
std::optional<FtpAnnouncement> find_ftp_announcement(std::string_view text);
/// What stands in place of the announcement's part for another endpoint.
std::string to_text(FtpAnnouncement::Form form, Endpoint endpoint);

}  // namespace stile::nat
