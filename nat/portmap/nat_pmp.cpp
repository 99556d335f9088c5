#include <algorithm>

#include "nat/portmap/server.hpp"

// NAT-PMP, RFC 6886.

namespace stile::nat::portmap {

namespace {

constexpr std::uint8_t external_address_request = 0;
constexpr std::uint8_t map_udp = 1;
constexpr std::uint8_t map_tcp = 2;
constexpr std::size_t external_address_size = 12;
constexpr std::size_t map_request_size = 12;
constexpr std::size_t map_response_size = 16;

/// RFC 6886 §3.5.
enum Result : std::uint16_t {
  success = 0,
  unsupported_version = 1,
  not_authorized = 2,
  network_failure = 3,
  out_of_resources = 4,
  unsupported_opcode = 5
};

}  // namespace

/// RFC 6886 §3.5. What has its top bit set was dropped already.
std::optional<ByteVector> Server::handle_nat_pmp(const TransportAddress& client, Bytes datagram) {
  const std::uint8_t opcode = datagram[1];
  if (datagram[0] != 0) {
    ++counters_.nat_pmp_answers;
    ByteVector response = nat_pmp_header(0, unsupported_version, 8);
    response[1] = 0;
    return response;
  }
  if ((opcode == map_udp || opcode == map_tcp) && datagram.size() < map_request_size) {
    ++counters_.ignored;
    return std::nullopt;
  }
  ++counters_.nat_pmp_answers;
  if (opcode == external_address_request) return external_address(client.ip);
  if (opcode == map_udp || opcode == map_tcp) return map_by_nat_pmp(client.ip, datagram);
  // The request goes back as it came, but for what the server sets.
  const Bytes copied = datagram.first(std::min(datagram.size(), pcp::largest_message));
  ByteVector response =
      nat_pmp_header(opcode, unsupported_opcode, std::max<std::size_t>(copied.size(), 8));
  if (copied.size() > 8) std::ranges::copy(copied.subspan(8), response.begin() + 8);
  return response;
}

/// RFC 6886 §3.2.
ByteVector Server::external_address(const IpAddress& client) const {
  const auto external = nat_.external_of(client);
  ByteVector response = nat_pmp_header(external_address_request,
                                       external ? success : network_failure, external_address_size);
  store_u32(&response[8], external ? external->v4_bits() : 0);
  return response;
}

/// RFC 6886 §3.3 and §3.4.
ByteVector Server::map_by_nat_pmp(const IpAddress& client, Bytes datagram) {
  NatPmpMapping mapping;
  mapping.protocol = datagram[1] == map_udp ? Protocol::udp : Protocol::tcp;
  mapping.inside = {client, load_u16(&datagram[4])};
  mapping.suggested_port = load_u16(&datagram[6]);
  mapping.lifetime_seconds = load_u32(&datagram[8]);
  const bool deletes = mapping.lifetime_seconds == 0;
  if (deletes) mapping.suggested_port = 0;
  const std::uint16_t result = !deletes                   ? create_by_nat_pmp(mapping)
                               : mapping.inside.port == 0 ? delete_all_by_nat_pmp(mapping)
                                                          : delete_by_nat_pmp(mapping);
  ByteVector response = nat_pmp_header(datagram[1], result, map_response_size);
  store_u16(&response[8], mapping.inside.port);
  store_u16(&response[10], result == success ? mapping.suggested_port : 0);
  store_u32(&response[12], result == success ? mapping.lifetime_seconds : 0);
  return response;
}

/// Gives the result; `mapping` is then as it was granted.
std::uint16_t Server::create_by_nat_pmp(NatPmpMapping& mapping) {
  if (mapping.inside.port == 0) return not_authorized;
  if (const auto fixed = unchanging(nat_, mapping.inside, mapping.protocol)) {
    mapping.suggested_port = fixed->port;
    return success;
  }
  if (nat_.config().external.empty()) return network_failure;
  const Duration requested = std::chrono::seconds(mapping.lifetime_seconds);
  const Duration granted = std::min(requested, config_.max_lifetime);
  MapRequest wanted;
  wanted.protocol = mapping.protocol;
  wanted.inside = mapping.inside;
  wanted.suggested.port = mapping.suggested_port;
  wanted.reserves_companion = true;
  wanted.terms.until = now_ + granted;
  const auto there = nat_.mapping_of_inside(mapping.protocol, mapping.inside);
  // A PCP client's terms are not changed by who does not know its nonce.
  if (there && there->info.is_explicit && there->terms.nonce != no_nonce) {
    mapping.suggested_port = there->info.external.port;
    mapping.lifetime_seconds =
        std::min(mapping.lifetime_seconds, seconds_until(there->terms.until));
    return success;
  }
  const auto mapped = nat_.map(now_, wanted);
  if (!mapped) return out_of_resources;
  mapping.suggested_port = mapped->info.external.port;
  mapping.lifetime_seconds = seconds_until(mapped->terms.until);
  return success;
}

// Deviation: RFC 6886 §3.4: no RST ends the connections of a mapping that goes. They keep it as if
// traffic had made it, so nobody else gets their port.
std::uint16_t Server::delete_by_nat_pmp(const NatPmpMapping& mapping) {
  if (unchanging(nat_, mapping.inside, mapping.protocol)) return not_authorized;
  const auto there = nat_.mapping_of_inside(mapping.protocol, mapping.inside);
  if (!there || !there->info.is_explicit) return success;
  if (there->terms.nonce != no_nonce) return not_authorized;
  nat_.unmap(now_, mapping.protocol, mapping.inside);
  return success;
}

/// RFC 6886 §3.4: as many as possible.
std::uint16_t Server::delete_all_by_nat_pmp(const NatPmpMapping& mapping) {
  std::vector<TransportAddress> own;
  bool is_complete = !has_forward(mapping.inside.ip, mapping.protocol);
  nat_.for_each_explicit([&](const RequestedMapping& there) {
    if (there.info.protocol != mapping.protocol || there.info.inside.ip != mapping.inside.ip)
      return;
    if (there.terms.nonce == no_nonce)
      own.push_back(there.info.inside);
    else
      is_complete = false;
  });
  for (const TransportAddress& inside : own) nat_.unmap(now_, mapping.protocol, inside);
  return is_complete ? success : not_authorized;
}

bool Server::has_forward(const IpAddress& inside, Protocol protocol) const {
  return std::ranges::any_of(nat_.config().forwards, [&](const Forward& forward) {
    return forward.inside.ip == inside && forward.protocol == protocol;
  });
}

ByteVector Server::nat_pmp_header(std::uint8_t opcode, std::uint16_t result,
                                  std::size_t size) const {
  ByteVector response(size);
  response[1] = static_cast<std::uint8_t>(pcp::response_bit | opcode);
  store_u16(&response[2], result);
  store_u32(&response[4], epoch_seconds());
  return response;
}

}  // namespace stile::nat::portmap
