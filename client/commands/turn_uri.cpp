#include "client/commands/turn_uri.hpp"

namespace stile {

std::optional<TurnUri> TurnUri::parse(std::string_view text) {
  TurnUri uri;
  if (text.starts_with("turns:")) {
    uri.secure = true;
    uri.transport = "tcp";
    text.remove_prefix(6);
  } else if (text.starts_with("turn:")) {
    text.remove_prefix(5);
  } else {
    return std::nullopt;
  }
  const auto query = text.find('?');
  uri.host_and_port = text.substr(0, query);
  if (uri.host_and_port.empty() || uri.host_and_port.find('/') != std::string::npos) return std::nullopt;
  if (query == text.npos) return uri;
  constexpr std::string_view key = "transport=";
  text.remove_prefix(query + 1);
  if (!text.starts_with(key)) return std::nullopt;
  uri.transport = text.substr(key.size());
  if (uri.transport != "udp" && uri.transport != "tcp") return std::nullopt;
  return uri;
}

}  // namespace stile
