#include "portmap/wire.hpp"
#include "stile/portmap/mapping.hpp"

namespace stile::portmap {

namespace {

constexpr std::uint16_t unsupported_version = 1;

/// RFC 6886 §3.5.
std::string in_words(std::uint16_t result) {
  switch (result) {
    case 2:
      return "it does not allow us mappings";
    case 3:
      return "it has no external address";
    case 4:
      return "it has no mapping left";
    default:
      return "it refuses the mapping with result " + std::to_string(result);
  }
}

}  // namespace

/// RFC 6886 §3.3:
///
/// | Vers = 0      | OP = x        | Reserved                      |
/// | Internal Port                 | Suggested External Port       |
/// | Requested Port Mapping Lifetime in Seconds                    |
ByteVector Mapping::nat_pmp_map_request(std::uint32_t lifetime_seconds) const {
  ByteVector request(nat_pmp_map_request_size);
  request[1] = config_.protocol == Protocol::udp ? nat_pmp_map_udp : nat_pmp_map_tcp;
  store_u16(&request[4], config_.internal.port);
  const std::uint16_t wish = external_ ? external_->port : config_.internal.port;
  store_u16(&request[6], lifetime_seconds == 0 ? 0 : wish);  // §3.4
  store_u32(&request[8], lifetime_seconds);
  return request;
}

// RFC 6887 §9 and RFC 6886 §3.2, §3.3: whoever answers PCP so knows NAT-PMP only.
void Mapping::take_nat_pmp(Instant now, Bytes datagram) {
  if (config_.internal.family() != Family::ipv4) return;
  if (dialect_ == Dialect::pcp) {
    dialect_ = Dialect::nat_pmp;
    return ask(now);
  }
  const auto opcode = static_cast<std::uint8_t>(datagram[1] & ~response_bit);
  const std::uint16_t result = load_u16(&datagram[2]);
  // §3.5: to PCP it has answered without the bit, or that it does not know the version.
  if ((datagram[1] & response_bit) == 0 || result == unsupported_version) return;
  const bool about_address = opcode == external_address_opcode;
  const bool about_mapping =
      opcode == (config_.protocol == Protocol::udp ? nat_pmp_map_udp : nat_pmp_map_tcp) &&
      datagram.size() >= nat_pmp_map_response_size &&
      load_u16(&datagram[8]) == config_.internal.port;
  if (!about_address && !about_mapping) return;
  if (result != 0) return lose(in_words(result));
  if (about_address) {
    if (datagram.size() < nat_pmp_external_response_size) return;
    router_external_ = IpAddress::v4(load_u32(&datagram[8]));
    if (router_external_->is_unspecified()) return lose("it has no external address");
    return;
  }
  const std::uint16_t port = load_u16(&datagram[10]);
  // The answer about the address was lost, or is yet to come: both are asked for again.
  if (router_external_ && port != 0)
    granted(now, {*router_external_, port}, load_u32(&datagram[12]));
}

}  // namespace stile::portmap
