#include "portmap/ssdp.hpp"

#include <algorithm>
#include <charconv>

#include "portmap/words.hpp"

namespace stile::portmap {

namespace {

constexpr std::uint16_t http_port = 80;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

std::optional<HttpUri> HttpUri::parse(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (!equal_ignoring_case(text.substr(0, scheme.size()), scheme)) return std::nullopt;
  text.remove_prefix(scheme.size());
  const auto slash = text.find('/');
  std::string_view host = text.substr(0, slash);
  std::uint16_t port = http_port;
  if (const auto colon = host.find(':'); colon != host.npos) {
    const std::string_view digits = host.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc() || end != digits.data() + digits.size() || port == 0)
      return std::nullopt;
    host = host.substr(0, colon);
  }
  const auto address = IpAddress::parse(host);
  if (!address || !address->is_v4()) return std::nullopt;
  const std::string path(slash == text.npos ? "/" : text.substr(slash));
  if (!is_path(path)) return std::nullopt;
  return HttpUri{{*address, port}, path};
}

std::string search_message() {
  return "M-SEARCH * HTTP/1.1\r\n"
         "HOST: 239.255.255.250:1900\r\n"
         "MAN: \"ssdp:discover\"\r\n"
         "MX: 1\r\n"
         "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n";
}

std::optional<HttpUri> location_in(std::string_view answer) {
  if (!answer.starts_with("HTTP/1.1 200") && !answer.starts_with("HTTP/1.0 200"))
    return std::nullopt;
  while (!answer.empty()) {
    const std::string_view line = answer.substr(0, answer.find('\n'));
    answer.remove_prefix(std::min(answer.size(), line.size() + 1));
    const auto colon = line.find(':');
    if (colon != line.npos && equal_ignoring_case(trimmed(line.substr(0, colon)), "location"))
      return HttpUri::parse(trimmed(line.substr(colon + 1)));
  }
  return std::nullopt;
}

}  // namespace stile::portmap
