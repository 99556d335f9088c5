#pragma once

#include <cstdint>

namespace stile::stun {

/// The IANA registry of STUN attributes, as far as the suite speaks them. Other values may come
/// from the wire.
enum class AttributeType : std::uint16_t {
  // Comprehension-required, RFC 8489 §18.3.1
  mapped_address = 0x0001,
  username = 0x0006,
  message_integrity = 0x0008,
  error_code = 0x0009,
  unknown_attributes = 0x000a,
  realm = 0x0014,
  nonce = 0x0015,
  message_integrity_sha256 = 0x001c,
  password_algorithm = 0x001d,
  userhash = 0x001e,
  xor_mapped_address = 0x0020,
  // Comprehension-optional, RFC 8489 §18.3.2
  password_algorithms = 0x8002,
  alternate_domain = 0x8003,
  software = 0x8022,
  alternate_server = 0x8023,
  fingerprint = 0x8028,
  // TURN, RFC 8656 §18
  channel_number = 0x000c,
  lifetime = 0x000d,
  xor_peer_address = 0x0012,
  data = 0x0013,
  xor_relayed_address = 0x0016,
  requested_address_family = 0x0017,
  even_port = 0x0018,
  requested_transport = 0x0019,
  dont_fragment = 0x001a,
  reservation_token = 0x0022,
  additional_address_family = 0x8000,
  address_error_code = 0x8001,
  icmp = 0x8004,
  // Third-party authorization, RFC 7635 §12
  access_token = 0x001b,
  third_party_authorization = 0x802e,
  // Mobility with TURN, RFC 8016 §4
  mobility_ticket = 0x8030,
  // TURN over TCP, RFC 6062 §6.2
  connection_id = 0x002a,
  // ICE, RFC 8445 §16.1
  priority = 0x0024,
  use_candidate = 0x0025,
  ice_controlled = 0x8029,
  ice_controlling = 0x802a,
  nomination = 0xc001,  // draft-thatcher-ice-renomination; IANA has since given the number to
                        // another attribute
  // NAT behaviour discovery, RFC 5780 §7
  change_request = 0x0003,
  padding = 0x0026,
  response_port = 0x0027,
  response_origin = 0x802b,
  other_address = 0x802c,
  // Classic STUN, RFC 3489 §11.2
  source_address = 0x0004,
  changed_address = 0x0005,
};

/// RFC 8489 §14: attributes below 0x8000 must be understood by the receiver.
constexpr bool comprehension_required(AttributeType type) {
  return static_cast<std::uint16_t>(type) < 0x8000;
}

}  // namespace stile::stun
