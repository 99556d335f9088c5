#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "stile/base/address.hpp"

namespace stile::turn {

/// `stun:HOST[:PORT]`, `stuns:` (RFC 7064 §3.1); `turn:HOST[:PORT][?transport=udp|tcp]`, `turns:`
/// (RFC 7065 §3.1).
struct ServerUri {
  bool relays = false;  ///< turn or turns
  bool secure = false;  ///< stuns or turns
  std::string host;     ///< a name or an address, IPv6 without brackets
  std::uint16_t port =
      0;  ///< 3478, or 5349 for a secure one, unless given (RFC 8489 §8.1, RFC 8656 §18)
  bool port_given = false;
  bool transport_given = false;
  bool over_udp = false;  ///< transport=udp, or what the scheme means without (RFC 5928 §3)

  /// UDP, TCP, TLS or DTLS.
  Transport transport() const;
  /// As it can be parsed again.
  std::string text() const;
  /// The error is one line that quotes the text.
  static std::expected<ServerUri, std::string> parse(std::string_view text);
};

}  // namespace stile::turn
