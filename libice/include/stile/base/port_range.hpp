#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stile {

/// Ports of this host, both ends included. As it is made, all of them: the system chooses.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  constexpr bool is_any() const { return first == 0 && last == 0; }
  /// Neither empty nor with port 0, which stands for any.
  constexpr bool is_valid() const { return is_any() || (first != 0 && first <= last); }
  constexpr std::uint32_t size() const { return std::uint32_t{last} - first + 1; }
  constexpr bool contains(std::uint16_t port) const { return port >= first && port <= last; }

  /// `50000-50100`, or one port.
  static std::optional<PortRange> parse(std::string_view text);
  friend constexpr bool operator==(PortRange, PortRange) = default;
};
std::string to_string(PortRange range);

}  // namespace stile
