#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stile::nat::upnp {

/// What SUBSCRIBE and UNSUBSCRIBE say in their header, as far as they say it.
struct SubscriptionFields {
  std::optional<std::string> callback;
  std::optional<std::string> nt;
  std::optional<std::string> sid;
  std::optional<std::string> timeout;
};

struct HttpRequest {
  std::string_view method;
  std::string_view path;
  std::string_view body;
  SubscriptionFields subscription{};
};

struct HttpResponse {
  unsigned status = 200;
  std::string body;  ///< XML, or nothing
  /// Fields of the header that only this kind of answer has.
  std::vector<std::pair<std::string_view, std::string>> fields{};
};

}  // namespace stile::nat::upnp
