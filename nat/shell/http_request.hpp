#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "nat/upnp/http.hpp"

namespace stile::nat::shell {

/// A whole HTTP/1.1 request.
struct HttpMessage {
  std::string method;
  std::string target;
  std::string host;
  upnp::SubscriptionFields subscription;
  std::string body;
};

enum class HttpState { incomplete, invalid, complete };

struct HttpReading {
  HttpState state = HttpState::incomplete;
  HttpMessage message;  ///< when it is complete
};

// Limit: of what is taken of one request, bytes.
inline constexpr std::size_t max_http_header = 8192;
inline constexpr std::size_t max_http_body = 16384;

/// Of all that a client has sent so far.
HttpReading read_http_request(std::string_view input);

}  // namespace stile::nat::shell
