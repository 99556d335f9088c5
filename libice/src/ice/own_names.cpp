#include "ice/impl.hpp"

namespace stile::ice {

namespace {

/// RFC 4122 §4.4: a random UUID, in 32 digits with hyphens.
std::string random_uuid(Random& random) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<std::uint8_t, 16> bytes;
  random.fill(bytes);
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 0x0f];
  }
  return text;
}

}  // namespace

/// What is told in place of an address of the host, if anything: one name for each.
std::string Agent::Impl::name_of(CandidateType type, const IpAddress& address) {
  if (!config.mdns_names || type != CandidateType::host) return {};
  std::string& name = own_names[address];
  if (name.empty()) name = random_uuid(random) + ".local";
  return name;
}

}  // namespace stile::ice
