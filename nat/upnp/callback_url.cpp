#include "nat/upnp/callback_url.hpp"

#include <algorithm>

#include "nat/upnp/ignore_case.hpp"

namespace stile::nat::upnp {

namespace {

constexpr std::string_view scheme = "http://";

/// It becomes part of a request's first line.
bool is_plain(std::string_view url) {
  return std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; });
}

std::optional<TransportAddress> address_of(std::string_view authority) {
  if (const auto with_port = TransportAddress::parse(authority)) return with_port;
  constexpr std::uint16_t http_port = 80;
  if (const auto ip = IpAddress::parse(authority); ip && ip->is_v4())
    return TransportAddress{*ip, http_port};
  return std::nullopt;
}

std::optional<CallbackUrl> parse(std::string_view url) {
  if (url.size() > max_callback_url || !begins_ignoring_case(url, scheme) || !is_plain(url))
    return std::nullopt;
  url.remove_prefix(scheme.size());
  const std::size_t slash = std::min(url.find('/'), url.size());
  const auto address = address_of(url.substr(0, slash));
  if (!address || address->port == 0) return std::nullopt;
  const std::string_view path = url.substr(slash);
  return CallbackUrl{*address, path.empty() ? "/" : std::string(path)};
}

}  // namespace

std::optional<CallbackUrl> callback_url(std::string_view field, const IpAddress& subscriber) {
  for (;;) {
    const std::size_t begin = field.find('<');
    if (begin == field.npos) return std::nullopt;
    field.remove_prefix(begin + 1);
    const std::size_t end = field.find('>');
    if (end == field.npos) return std::nullopt;
    auto url = parse(field.substr(0, end));
    if (url && url->address.ip == subscriber) return url;
    field.remove_prefix(end + 1);
  }
}

}  // namespace stile::nat::upnp
