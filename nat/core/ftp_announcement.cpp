#include "nat/core/ftp_announcement.hpp"

#include <array>
#include <charconv>

#include "stile/base/address.hpp"

namespace stile::nat {

namespace {

using Form = FtpAnnouncement::Form;

/// RFC 959 §5.3: commands are of any case.
bool begins_with_command(std::string_view text, std::string_view command) {
  if (text.size() < command.size()) return false;
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = text[i] >= 'a' && text[i] <= 'z' ? static_cast<char>(text[i] - 32) : text[i];
    if (c != command[i]) return false;
  }
  return true;
}

template <class Number>
std::optional<Number> take_number(std::string_view& text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// `h1,h2,h3,h4,p1,p2` at the beginning of the text.
std::optional<FtpAnnouncement> read_numbers(std::string_view text) {
  const std::size_t size = text.size();
  std::array<std::uint8_t, 6> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && !take(text, ',')) return std::nullopt;
    const auto number = take_number<std::uint8_t>(text);
    if (!number) return std::nullopt;
    bytes[i] = *number;
  }
  return FtpAnnouncement{Form::numbers, 0, size - text.size(), load_u32(bytes.data()),
                         load_u16(bytes.data() + 4)};
}

/// `|1|10.0.0.2|4000|`, of which the delimiter may be any character.
std::optional<FtpAnnouncement> read_extended(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::size_t size = text.size();
  const char delimiter = text.front();
  if (!take(text, delimiter) || !take(text, '1') || !take(text, delimiter)) return std::nullopt;
  const auto end = text.find(delimiter);
  if (end == text.npos) return std::nullopt;
  const auto address = IpAddress::parse(text.substr(0, end));
  text.remove_prefix(end + 1);
  const auto port = take_number<std::uint16_t>(text);
  if (!address || !address->is_v4() || !port || !take(text, delimiter)) return std::nullopt;
  return FtpAnnouncement{Form::extended, 0, size - text.size(), address->v4_bits(), *port};
}

/// `|||4000|`
std::optional<FtpAnnouncement> read_port(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::size_t size = text.size();
  const char delimiter = text.front();
  for (int i = 0; i < 3; ++i)
    if (!take(text, delimiter)) return std::nullopt;
  const auto port = take_number<std::uint16_t>(text);
  if (!port || !take(text, delimiter)) return std::nullopt;
  return FtpAnnouncement{Form::port_alone, 0, size - text.size(), std::nullopt, *port};
}

std::optional<FtpAnnouncement> shifted(std::optional<FtpAnnouncement> found, std::size_t by) {
  if (found) found->at += by;
  if (found && found->port == 0) return std::nullopt;
  return found;
}

}  // namespace

std::optional<FtpAnnouncement> find_ftp_announcement(std::string_view text) {
  const std::string_view line = text.substr(0, text.find("\r\n"));
  if (line.size() == text.size()) return std::nullopt;
  constexpr std::size_t after_command = 5;
  if (begins_with_command(line, "PORT "))
    return shifted(read_numbers(line.substr(after_command)), after_command);
  if (begins_with_command(line, "EPRT "))
    return shifted(read_extended(line.substr(after_command)), after_command);
  constexpr std::size_t after_code = 4;
  if (line.starts_with("227 ")) {
    // RFC 1123 §4.1.2.6: what stands before the numbers is not fixed.
    const auto at = line.find_first_of("0123456789", after_code);
    if (at != line.npos) return shifted(read_numbers(line.substr(at)), at);
  }
  if (line.starts_with("229 ")) {
    const auto at = line.find('(', after_code);
    if (at != line.npos) return shifted(read_port(line.substr(at + 1)), at + 1);
  }
  return std::nullopt;
}

std::string to_text(Form form, Endpoint endpoint) {
  const std::string port = std::to_string(endpoint.port);
  switch (form) {
    case Form::numbers: {
      std::string text = IpAddress::v4(endpoint.address).to_string();
      for (char& c : text)
        if (c == '.') c = ',';
      return text + "," + std::to_string(endpoint.port >> 8) + "," +
             std::to_string(endpoint.port & 0xff);
    }
    case Form::extended:
      return "|1|" + IpAddress::v4(endpoint.address).to_string() + "|" + port + "|";
    case Form::port_alone:
      return "|||" + port + "|";
  }
  return {};
}

}  // namespace stile::nat
