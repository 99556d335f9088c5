#include "nat/shell/option_text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <tuple>

namespace stile::nat::shell {

namespace {

struct Unit {
  std::string_view name;
  Duration::rep microseconds;
};
// Longer names first, so that `ms` is not read as `m`.
constexpr std::array<Unit, 5> units{
    {{"us", 1}, {"ms", 1000}, {"s", 1'000'000}, {"m", 60'000'000}, {"h", 3'600'000'000}}};
constexpr double longest = 10.0 * 365 * 24 * 3600 * 1e6;

/// Takes a decimal number that is not negative off the front of `text`.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || !(value >= 0)) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

std::optional<Duration::rep> take_unit(std::string_view& text) {
  for (const Unit& unit : units) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.microseconds;
  }
  return std::nullopt;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::optional<std::uint32_t> parse_v4(std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (!address || !address->is_v4()) return std::nullopt;
  return address->v4_bits();
}

/// First and last, in host order.
std::optional<std::pair<std::uint32_t, std::uint32_t>> address_range(std::string_view text) {
  if (text.find('/') != text.npos) {
    const auto prefix = IpPrefix::parse(text);
    if (!prefix || !prefix->address().is_v4()) return std::nullopt;
    const std::uint32_t first = prefix->address().v4_bits();
    const std::uint64_t size = std::uint64_t{1} << (32 - prefix->length());
    return std::pair{first, static_cast<std::uint32_t>(first + (size - 1))};
  }
  const auto dash = text.find('-');
  const auto first = parse_v4(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse_v4(text.substr(dash + 1));
  if (!first || !last) return std::nullopt;
  return std::pair{*first, *last};
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  double total = 0;
  bool bare = true;
  do {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const auto unit = take_unit(text);
    if (!unit && !(bare && text.empty())) return std::nullopt;
    total += *number * static_cast<double>(unit.value_or(1'000'000));
    if (total > longest) return std::nullopt;
    bare = false;
  } while (!text.empty());
  return Duration(static_cast<Duration::rep>(total + 0.5));
}

std::string to_text(Duration duration) {
  auto rest = duration.count();
  if (rest == 0) return "0s";
  std::string text;
  for (const Unit& unit : {units[4], units[3], units[2], units[1], units[0]}) {
    if (rest < unit.microseconds) continue;
    // Up to ten minutes are read more easily in seconds, as the RFCs give them.
    if (unit.name == "m" && text.empty() && rest <= 600'000'000 && rest % 1'000'000 == 0) continue;
    text += fmt::format("{}{}", rest / unit.microseconds, unit.name);
    rest %= unit.microseconds;
  }
  return text;
}

std::optional<double> parse_percent(std::string_view text) {
  const auto number = take_number(text);
  if (!number || *number > 100 || (!text.empty() && text != "%")) return std::nullopt;
  return *number / 100;
}

std::optional<std::uint16_t> parse_segment_limit(std::string_view text) {
  constexpr std::uint16_t smallest = 88;
  constexpr std::uint16_t largest = 65495;
  if (text == "auto") return 0;
  std::uint16_t bytes = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, bytes);
  if (error != std::errc() || stop != end || bytes < smallest || bytes > largest)
    return std::nullopt;
  return bytes;
}

std::string to_text(std::optional<std::uint16_t> segment_limit) {
  if (!segment_limit) return "off";
  return *segment_limit == 0 ? "auto" : fmt::to_string(*segment_limit);
}

std::optional<AddressRange> parse_address_range(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == text.npos) {
    const auto block = IpPrefix::parse(text);
    if (!block || !block->address().is_v4()) return std::nullopt;
    const std::uint32_t first = block->address().v4_bits();
    return AddressRange{first,
                        first | static_cast<std::uint32_t>(0xffffffffull >> block->length())};
  }
  const auto first = IpAddress::parse(text.substr(0, dash));
  const auto last = IpAddress::parse(text.substr(dash + 1));
  if (!first || !last || !first->is_v4() || !last->is_v4() || *first > *last) return std::nullopt;
  return AddressRange{first->v4_bits(), last->v4_bits()};
}

std::string to_text(const AddressRange& range) {
  return IpAddress::v4(range.first).to_string() + "-" + IpAddress::v4(range.last).to_string();
}

std::optional<PortRule> parse_port_rule(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  PortRule rule;
  for (const Protocol protocol : {Protocol::udp, Protocol::tcp, Protocol::icmp})
    if (name == name_of(protocol)) rule.protocol = protocol;
  if (!rule.protocol && name != "any") return std::nullopt;
  if (colon == text.npos) return rule;
  const auto ports = parse_port_range(text.substr(colon + 1));
  if (!ports || !rule.protocol || *rule.protocol == Protocol::icmp) return std::nullopt;
  std::tie(rule.first, rule.last) = *ports;
  return rule;
}

std::string to_text(const PortRule& rule) {
  std::string text(rule.protocol ? name_of(*rule.protocol) : "any");
  if (rule.first == 0 && rule.last == 65535) return text;
  text += ":" + std::to_string(rule.first);
  return rule.first == rule.last ? text : text + "-" + std::to_string(rule.last);
}

std::optional<std::vector<IpAddress>> parse_addresses(std::string_view text) {
  const auto range = address_range(text);
  constexpr std::uint32_t most = 65536;
  if (!range || range->first > range->second || range->second - range->first >= most)
    return std::nullopt;
  std::vector<IpAddress> addresses;
  for (std::uint32_t i = 0; i <= range->second - range->first; ++i)
    addresses.push_back(IpAddress::v4(range->first + i));
  return addresses;
}

std::optional<std::pair<std::uint16_t, std::uint16_t>> parse_port_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  const auto last = dash == text.npos ? first : parse_port(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return std::pair{*first, *last};
}

}  // namespace stile::nat::shell
