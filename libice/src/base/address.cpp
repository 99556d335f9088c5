#include "stile/base/address.hpp"

#ifdef _WIN32
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#endif

#include <algorithm>
#include <charconv>

namespace stile {

std::optional<IpAddress> IpAddress::from_bytes(Bytes bytes) {
  if (bytes.size() == 4) return v4(load_u32(bytes.data()));
  if (bytes.size() != 16) return std::nullopt;
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
  const std::string terminated(text);
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return v4(load_u32(bytes.data()));
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return v6(bytes);
  return std::nullopt;
}

Bytes IpAddress::wire_bytes() const {
  return is_v4() ? Bytes(bytes_).subspan(12) : Bytes(bytes_);
}

bool IpAddress::is_unspecified() const {
  return *this == IpAddress{} || *this == v4(0);
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](auto byte) { return byte == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes_[12] == 169 && bytes_[13] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const {
  return is_v4() ? (bytes_[12] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  const Bytes wire = wire_bytes();
  inet_ntop(is_v4() ? AF_INET : AF_INET6, wire.data(), text, sizeof text);
  return text;
}

std::optional<TransportAddress> TransportAddress::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto ip = IpAddress::parse(host);
  if (!ip || bracketed != (host.find(':') != host.npos)) return std::nullopt;

  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return TransportAddress{*ip, port};
}

std::string TransportAddress::to_string() const {
  const std::string host = ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
  return host + ":" + std::to_string(port);
}

namespace {

constexpr unsigned mapped_bits = 96;

IpAddress keep_bits(const IpAddress& address, unsigned length_in_128) {
  auto bytes = address.v6_bytes();
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned kept = std::min(8u, length_in_128 > i * 8 ? length_in_128 - i * 8 : 0u);
    bytes[i] &= static_cast<std::uint8_t>(0xff00 >> kept);
  }
  return IpAddress::v6(bytes);
}

std::size_t mix(std::uint64_t value) {
  value ^= value >> 32;
  value *= 0x9e3779b97f4a7c15u;
  value ^= value >> 29;
  return value;
}

}  // namespace

IpPrefix::IpPrefix(IpAddress address, unsigned length)
    : length_in_128_(address.is_v4() ? mapped_bits + std::min(length, 32u)
                                     : std::min(length, 128u)) {
  address_ = keep_bits(address, length_in_128_);
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned longest = address->is_v4() ? 32 : 128;
  if (slash == text.npos) return IpPrefix(*address, longest);

  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  const bool mapped_form = address->is_v4() && text.find(':') != text.npos;
  if (mapped_form) length = length < mapped_bits ? longest + 1 : length - mapped_bits;
  if (length > longest) return std::nullopt;
  return IpPrefix(*address, length);
}

bool IpPrefix::contains(const IpAddress& address) const {
  return address.is_v4() == address_.is_v4() && keep_bits(address, length_in_128_) == address_;
}

unsigned IpPrefix::length() const {
  return address_.is_v4() ? length_in_128_ - mapped_bits : length_in_128_;
}

std::string IpPrefix::to_string() const {
  return address_.to_string() + "/" + std::to_string(length());
}

}  // namespace stile

std::size_t std::hash<stile::IpAddress>::operator()(
    const stile::IpAddress& address) const noexcept {
  const auto* bytes = address.v6_bytes().data();
  return stile::mix(stile::load_u64(bytes) ^ stile::mix(stile::load_u64(bytes + 8)));
}
std::size_t std::hash<stile::TransportAddress>::operator()(
    const stile::TransportAddress& address) const noexcept {
  return stile::mix(std::hash<stile::IpAddress>{}(address.ip) + address.port);
}
std::size_t std::hash<stile::FiveTuple>::operator()(
    const stile::FiveTuple& five_tuple) const noexcept {
  const std::hash<stile::TransportAddress> endpoint;
  return stile::mix(endpoint(five_tuple.client) * 3 + endpoint(five_tuple.server) +
                    static_cast<std::size_t>(five_tuple.transport));
}
