#include "stile/turn/uri.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace stile::turn {

namespace {

struct Scheme {
  std::string_view prefix;
  bool relays;
  bool secure;
};
constexpr Scheme schemes[] = {{"stun:", false, false},
                              {"stuns:", false, true},
                              {"turn:", true, false},
                              {"turns:", true, true}};

/// RFC 3986 §3.1: schemes are compared without regard to case.
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::ranges::equal(text.substr(0, prefix.size()), prefix,
                            [](char a, char b) { return (a | 0x20) == (b | 0x20); });
}

/// RFC 3986 §3.2.2, without percent-encoding, which no host name needs.
bool is_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

/// HOST, [IPV6] in front of an optional port; what is behind it.
std::optional<std::string_view> take_host(std::string_view text, std::string& host) {
  if (!text.starts_with('[')) {
    host = text.substr(0, text.find(':'));
    if (!is_name(host)) return std::nullopt;
    return text.substr(host.size());
  }
  const auto end = text.find(']');
  if (end == text.npos) return std::nullopt;
  host = text.substr(1, end - 1);
  const auto address = IpAddress::parse(host);
  if (!address || !address->is_v6()) return std::nullopt;
  return text.substr(end + 1);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

Transport ServerUri::transport() const {
  if (over_udp) return secure ? Transport::dtls : Transport::udp;
  return secure ? Transport::tls : Transport::tcp;
}

std::string ServerUri::text() const {
  const auto scheme = std::ranges::find_if(schemes, [this](const Scheme& each) {
    return each.relays == relays && each.secure == secure;
  });
  std::string all =
      std::string(scheme->prefix) + (host.find(':') != host.npos ? "[" + host + "]" : host);
  if (port_given) all += ":" + std::to_string(port);
  if (transport_given) all += over_udp ? "?transport=udp" : "?transport=tcp";
  return all;
}

std::expected<ServerUri, std::string> ServerUri::parse(std::string_view text) {
  const auto problem = [text](std::string_view what) {
    return std::unexpected("'" + std::string(text.substr(0, 300)) + "': " + std::string(what));
  };
  const auto scheme = std::ranges::find_if(
      schemes, [&](const Scheme& each) { return starts_with_ignoring_case(text, each.prefix); });
  if (scheme == std::end(schemes))
    return problem("does not begin with stun:, stuns:, turn: or turns:");
  ServerUri uri{.relays = scheme->relays, .secure = scheme->secure};
  uri.port = uri.secure ? 5349 : 3478;
  uri.over_udp = !uri.secure;  // RFC 5928 §3: without a transport it is UDP, or TLS over TCP

  std::string_view rest = text.substr(scheme->prefix.size());
  if (const auto query = rest.find('?'); query != rest.npos) {
    const std::string_view asked = rest.substr(query + 1);
    rest = rest.substr(0, query);
    if (!uri.relays) return problem("a STUN URI says no transport");
    if (asked != "transport=udp" && asked != "transport=tcp")
      return problem("behind '?' only transport=udp or transport=tcp is known");
    uri.over_udp = asked.ends_with("udp");
    uri.transport_given = true;
  }
  const auto behind = take_host(rest, uri.host);
  if (!behind) return problem("the host is neither a name nor an address (IPv6 in brackets)");
  if (behind->empty()) return uri;
  const auto port = behind->starts_with(':') ? parse_port(behind->substr(1)) : std::nullopt;
  if (!port) return problem("the port is not 1 to 65535");
  uri.port = *port;
  uri.port_given = true;
  return uri;
}

}  // namespace stile::turn
