#include "server/shell/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace stile::server {

namespace {

using Status = ProxyHeader::Status;

constexpr ProxyHeader malformed{Status::malformed, 0, std::nullopt};
constexpr ProxyHeader incomplete{Status::incomplete, 0, std::nullopt};

// Version 2:
//
//      0                   1                   2                   3
//      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//     +                                                               +
//     |                     signature (12 bytes)                      |
//     +                                                               +
//     +-------+-------+-------+-------+-------------------------------+
//     |version|command|family |transp.|  length of what follows       |
//     +-------+-------+-------+-------+-------------------------------+
//     | source and destination address, source and destination port,  |
//     | then TLVs that a relay has no use for                         |
constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t fixed_size = 16;
constexpr std::size_t longest_rest = 2048;  // Limit: no balancer sends as much

enum Command : std::uint8_t { local = 0x20, proxied = 0x21 };
enum Family : std::uint8_t { unspecified = 0x00, tcp_over_v4 = 0x11, tcp_over_v6 = 0x21 };

constexpr std::string_view word_of_version_1 = "PROXY ";
constexpr std::size_t longest_line = 107;  // with CRLF, as the protocol states it

/// Whether `stream` may still become something that begins with `expected`.
bool agrees(Bytes stream, std::string_view expected) {
  return as_text(stream).substr(0, expected.size()) == expected.substr(0, stream.size());
}

std::optional<TransportAddress> usable(std::optional<IpAddress> ip, std::uint16_t port) {
  if (!ip || port == 0 || ip->is_unspecified() || ip->is_multicast()) return std::nullopt;
  return TransportAddress{*ip, port};
}

ProxyHeader from(std::optional<TransportAddress> source, std::size_t size) {
  return source ? ProxyHeader{Status::complete, size, source} : malformed;
}

ProxyHeader parse_version_2(Bytes stream) {
  if (stream.size() < fixed_size) return incomplete;
  const std::size_t length = load_u16(stream.data() + 14);
  if (length > longest_rest || (stream[12] != Command::local && stream[12] != Command::proxied))
    return malformed;
  const std::size_t size = fixed_size + length;
  if (stream.size() < size) return incomplete;
  if (stream[12] == Command::local || stream[13] == Family::unspecified)
    return {Status::complete, size, std::nullopt};

  const std::size_t address_size = stream[13] == Family::tcp_over_v4 ? 4 : 16;
  const bool known = stream[13] == Family::tcp_over_v4 || stream[13] == Family::tcp_over_v6;
  if (!known || length < 2 * address_size + 4) return malformed;
  const std::uint16_t port = load_u16(stream.data() + fixed_size + 2 * address_size);
  return from(usable(IpAddress::from_bytes(stream.subspan(fixed_size, address_size)), port), size);
}

std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

// "PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n"
ProxyHeader parse_version_1(Bytes stream) {
  const std::string_view text = as_text(stream.first(std::min(stream.size(), longest_line)));
  const auto end = text.find("\r\n");
  if (end == text.npos) return stream.size() < longest_line ? incomplete : malformed;
  std::string_view line = text.substr(word_of_version_1.size(), end - word_of_version_1.size());
  const std::string_view family = take_word(line);
  if (family == "UNKNOWN") return {Status::complete, end + 2, std::nullopt};
  const auto ip = IpAddress::parse(take_word(line));
  take_word(line);  // the balancer's address
  const std::string_view port_text = take_word(line);
  std::uint16_t port = 0;
  const auto [rest, error] = std::from_chars(port_text.begin(), port_text.end(), port);
  const bool of_family = ip && family == (ip->is_v4() ? "TCP4" : "TCP6");
  if (!of_family || error != std::errc() || rest != port_text.end() || line.empty())
    return malformed;
  return from(usable(ip, port), end + 2);
}

}  // namespace

ProxyHeader parse_proxy_header(Bytes stream) {
  if (stream.empty()) return incomplete;
  if (agrees(stream, signature)) return parse_version_2(stream);
  if (!agrees(stream, word_of_version_1)) return malformed;
  return stream.size() < word_of_version_1.size() ? incomplete : parse_version_1(stream);
}

}  // namespace stile::server
