#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "stile/base/address.hpp"

namespace stile {

/// What stands between us and servers over TCP and TLS: an HTTP proxy that knows CONNECT (RFC 9110
/// §9.3.6), or one of SOCKS 5 (RFC 1928).
struct Proxy {
  enum class Kind : std::uint8_t { http, socks5 };
  Kind kind = Kind::http;
  TransportAddress address;
  std::string
      username;  ///< empty: none is told. At most 255 bytes, and so the password (RFC 1929 §2)
  std::string password;
};

/// `http://[USER:PASSWORD@]HOST[:PORT]`, `socks5://...`. The proxy's name is for the application to
/// resolve.
struct ProxyUri {
  Proxy::Kind kind = Proxy::Kind::http;
  std::string username;  ///< as it was written; percent-encoding is undone
  std::string password;
  std::string host;
  std::uint16_t port = 0;  ///< 3128 and 1080 unless given

  /// The error is one line, which does not quote the password.
  static std::expected<ProxyUri, std::string> parse(std::string_view text);
};

}  // namespace stile
