#include "nat/core/sip_text.hpp"

#include <algorithm>
#include <charconv>

#include "stile/base/address.hpp"

namespace stile::nat {

namespace {

std::string address_text(Endpoint endpoint) {
  return IpAddress::v4(endpoint.address).to_string();
}
std::string endpoint_text(Endpoint endpoint) {
  return address_text(endpoint) + ":" + std::to_string(endpoint.port);
}

bool is_part_of_number(char c) {
  return (c >= '0' && c <= '9') || c == '.';
}

/// Replaces each `from` that is not part of a longer number or address.
std::string replaced(std::string_view text, const std::string& from, const std::string& to) {
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + 1)) {
    const std::size_t end = at + from.size();
    const bool stands_alone = (at == 0 || !is_part_of_number(text[at - 1])) &&
                              (end == text.size() || !is_part_of_number(text[end]));
    if (!stands_alone || at < done) continue;
    result += text.substr(done, at - done);
    result += to;
    done = end;
  }
  return result += text.substr(done);
}

/// RFC 3261 §7: the first line of a request or a response.
bool is_sip(std::string_view message) {
  const std::string_view line = message.substr(0, message.find("\r\n"));
  return line.starts_with("SIP/2.0 ") || line.ends_with(" SIP/2.0");
}

struct Parts {
  std::string_view head;  ///< with the empty line
  std::string_view body;
};

std::optional<Parts> parts_of(std::string_view message) {
  constexpr std::string_view empty_line = "\r\n\r\n";
  const auto end = message.find(empty_line);
  if (!is_sip(message) || end == message.npos) return std::nullopt;
  return Parts{message.substr(0, end + empty_line.size()), message.substr(end + empty_line.size())};
}

/// Calls `change` for each line, and puts together what it gives.
template <class Change>
std::string changed_lines(std::string_view text, Change&& change) {
  std::string result;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    result += change(line);
    if (end == text.npos) break;
    result += "\r\n";
    text.remove_prefix(end + 2);
  }
  return result;
}

bool begins_like(std::string_view line, std::string_view name) {
  return line.size() >= name.size() &&
         std::equal(name.begin(), name.end(), line.begin(), [](char a, char b) {
           const auto lower = [](char c) {
             return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
           };
           return lower(a) == lower(b);
         });
}

std::string with_length(std::string_view head, std::size_t length) {
  return changed_lines(head, [length](std::string_view line) {
    if (begins_like(line, "Content-Length:")) return "Content-Length: " + std::to_string(length);
    if (begins_like(line, "l:")) return "l: " + std::to_string(length);
    return std::string(line);
  });
}

/// RFC 8866 §5.14: `m=audio 49170 RTP/AVP 0`.
std::string mapped_media(std::string_view line, std::uint32_t address, const MapMedia& map_media) {
  const auto at = line.find(' ');
  if (at == line.npos) return std::string(line);
  std::uint16_t port = 0;
  const char* begin = line.data() + at + 1;
  const auto [end, error] = std::from_chars(begin, line.data() + line.size(), port);
  const auto external =
      error == std::errc() && port != 0 ? map_media({address, port}) : std::nullopt;
  if (!external) return std::string(line);
  return std::string(line.substr(0, at + 1)) + std::to_string(external->port) +
         std::string(line.substr(static_cast<std::size_t>(end - line.data())));
}

std::string description_for_outside(std::string_view body, Endpoint inside, Endpoint external,
                                    const MapMedia& map_media) {
  // Only if the media come to the sender itself.
  const std::string own = "IN IP4 " + address_text(inside);
  if (body.find(own) == body.npos) return std::string(body);
  return changed_lines(body, [&](std::string_view line) {
    if (line.starts_with("m=")) return mapped_media(line, inside.address, map_media);
    return replaced(line, own, "IN IP4 " + address_text(external));
  });
}

std::optional<std::string> unless_same(std::string made, std::string_view message) {
  if (made == message) return std::nullopt;
  return made;
}

}  // namespace

std::optional<std::string> sip_for_outside(std::string_view message, Endpoint inside,
                                           Endpoint external, const MapMedia& map_media) {
  const auto parts = parts_of(message);
  if (!parts) return std::nullopt;
  std::string head = replaced(parts->head, endpoint_text(inside), endpoint_text(external));
  head = replaced(head, address_text(inside), endpoint_text(external));
  const std::string body = description_for_outside(parts->body, inside, external, map_media);
  if (body != parts->body) head = with_length(head, body.size());
  return unless_same(head + body, message);
}

std::optional<std::string> sip_for_inside(std::string_view message, Endpoint inside,
                                          Endpoint external) {
  const auto parts = parts_of(message);
  if (!parts) return std::nullopt;
  const std::string head = replaced(parts->head, endpoint_text(external), endpoint_text(inside));
  return unless_same(head + std::string(parts->body), message);
}

std::optional<std::string> sip_spoiled(std::string_view message, Endpoint inside,
                                       Endpoint external) {
  if (!is_sip(message)) return std::nullopt;
  return unless_same(replaced(message, address_text(inside), address_text(external)), message);
}

}  // namespace stile::nat
