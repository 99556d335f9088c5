#include "stile/base/embedded_address.hpp"

#include <algorithm>

namespace stile {

namespace {

bool starts_with(const std::array<std::uint8_t, 16>& bytes,
                 std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

}  // namespace

std::optional<IpAddress> embedded_ipv4(const IpAddress& address) {
  if (address.is_v4()) return std::nullopt;
  const auto& bytes = address.v6_bytes();
  const std::uint32_t last = load_u32(bytes.data() + 12);
  if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) && last > 1)
    return IpAddress::v4(last);
  if (starts_with(bytes, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}))
    return IpAddress::v4(last);
  if (starts_with(bytes, {0x20, 0x02})) return IpAddress::v4(load_u32(bytes.data() + 2));
  if (starts_with(bytes, {0x20, 0x01, 0x00, 0x00})) return IpAddress::v4(~last);
  const std::uint32_t interface_id = load_u32(bytes.data() + 8);
  if (interface_id == 0x00005efe || interface_id == 0x02005efe) return IpAddress::v4(last);
  return std::nullopt;
}

}  // namespace stile
