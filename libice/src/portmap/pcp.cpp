#include <algorithm>

#include "portmap/wire.hpp"
#include "stile/portmap/mapping.hpp"

namespace stile::portmap {

namespace {

constexpr std::uint8_t success = 0;
constexpr std::uint8_t unsupported_version = 1;

/// RFC 6887 §7.4.
std::string in_words(std::uint8_t result) {
  switch (result) {
    case 2:
      return "it does not allow us mappings";
    case 7:
      return "it has no external address";
    case 8:
      return "it has no mapping left";
    case 10:
      return "we have all mappings that we may have";
    case 11:
      return "it cannot provide the external port";
    case 12:
      return "there is another NAT between us";
    default:
      return "it refuses the mapping with result " + std::to_string(result);
  }
}

}  // namespace

/// RFC 6887 §7.1 and §11.1:
///
/// |  Version = 2  |R|   Opcode    |         Reserved              |
/// |                 Requested Lifetime (32 bits)                  |
/// |            PCP Client's IP Address (128 bits)                 |
/// |                 Mapping Nonce (96 bits)                       |
/// |   Protocol    |          Reserved (24 bits)                   |
/// |        Internal Port          |    Suggested External Port    |
/// |           Suggested External IP Address (128 bits)            |
ByteVector Mapping::map_request(std::uint32_t lifetime_seconds) const {
  ByteVector request(pcp_map_size);
  request[0] = pcp_version;
  request[1] = map_opcode;
  store_u32(&request[4], lifetime_seconds);
  std::ranges::copy(config_.internal.ip.v6_bytes(), request.begin() + 8);
  std::ranges::copy(nonce_, request.begin() + 24);
  request[36] = static_cast<std::uint8_t>(config_.protocol);
  store_u16(&request[40], config_.internal.port);
  // §11.2: the one that it had, or no wish but the family.
  const IpAddress none = config_.internal.family() == Family::ipv4 ? IpAddress::v4(0) : IpAddress{};
  const TransportAddress wish = external_.value_or(TransportAddress{none, config_.internal.port});
  store_u16(&request[42], wish.port);
  std::ranges::copy(wish.ip.v6_bytes(), request.begin() + 44);
  return request;
}

// RFC 6887 §8.3 and §11.4.
void Mapping::take_pcp(Instant now, Bytes datagram) {
  if (datagram.size() < pcp_header_size || (datagram[1] & response_bit) == 0) return;
  const std::uint8_t result = datagram[3];
  if (datagram[0] != pcp_version || result == unsupported_version)
    return lose("it knows another version of PCP only");
  const bool ours = (datagram[1] & ~response_bit) == map_opcode &&
                    datagram.size() >= pcp_map_size &&
                    std::ranges::equal(datagram.subspan(24, nonce_.size()), nonce_) &&
                    datagram[36] == static_cast<std::uint8_t>(config_.protocol) &&
                    load_u16(&datagram[40]) == config_.internal.port;
  if (!ours) return;
  if (result != success) return lose(in_words(result));
  const auto ip = IpAddress::from_bytes(datagram.subspan(44, 16));
  const TransportAddress external{*ip, load_u16(&datagram[42])};
  if (external.family() != config_.internal.family() || external.port == 0)
    return lose("it gives an external address that is none");
  granted(now, external, load_u32(&datagram[4]));
}

}  // namespace stile::portmap
