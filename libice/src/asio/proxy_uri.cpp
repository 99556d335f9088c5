#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "stile/asio/proxy.hpp"

namespace stile {

namespace {

constexpr std::size_t longest_word = 255;  // RFC 1929 §2; names of hosts are shorter still

struct Scheme {
  std::string_view prefix;
  Proxy::Kind kind;
  std::uint16_t port;
};
constexpr std::array schemes{Scheme{"http://", Proxy::Kind::http, 3128},
                             Scheme{"socks5://", Proxy::Kind::socks5, 1080}};

/// RFC 3986 §2.1.
std::optional<std::string> decode(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
    plain += static_cast<char>(byte);
    i += 2;
  }
  return plain.size() <= longest_word ? std::optional(plain) : std::nullopt;
}

bool take_user(std::string_view text, ProxyUri& uri) {
  const auto colon = text.find(':');
  const auto username = decode(text.substr(0, colon));
  const auto password = decode(colon == text.npos ? "" : text.substr(colon + 1));
  if (!username || !password || username->empty()) return false;
  uri.username = *username;
  uri.password = *password;
  return true;
}

/// HOST[:PORT], [IPV6][:PORT].
bool take_place(std::string_view text, ProxyUri& uri) {
  std::string_view behind;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return false;
    uri.host = text.substr(1, end - 1);
    behind = text.substr(end + 1);
  } else {
    uri.host = text.substr(0, text.find(':'));
    behind = text.substr(uri.host.size());
  }
  if (uri.host.empty() || uri.host.size() > longest_word) return false;
  if (behind.empty()) return true;
  if (!behind.starts_with(':')) return false;
  behind.remove_prefix(1);
  const auto [end, error] = std::from_chars(behind.data(), behind.data() + behind.size(), uri.port);
  return error == std::errc{} && end == behind.data() + behind.size() && uri.port != 0;
}

}  // namespace

std::expected<ProxyUri, std::string> ProxyUri::parse(std::string_view text) {
  const auto scheme = std::ranges::find_if(
      schemes, [&](const Scheme& each) { return text.starts_with(each.prefix); });
  if (scheme == schemes.end()) return std::unexpected("a proxy begins with http:// or socks5://");
  ProxyUri uri{
      .kind = scheme->kind, .username = {}, .password = {}, .host = {}, .port = scheme->port};
  std::string_view rest = text.substr(scheme->prefix.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (const auto at = rest.rfind('@'); at != rest.npos) {
    if (!take_user(rest.substr(0, at), uri))
      return std::unexpected("what is in front of the proxy's '@' is not USER:PASSWORD");
    rest = rest.substr(at + 1);
  }
  if (!take_place(rest, uri))
    return std::unexpected("a proxy is http://[USER:PASSWORD@]HOST[:PORT], or socks5://...");
  return uri;
}

}  // namespace stile
