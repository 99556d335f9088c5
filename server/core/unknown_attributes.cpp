#include "server/core/unknown_attributes.hpp"

namespace stile::relay {

using stun::AttributeType;

namespace {

bool known_of_stun(AttributeType type) {
  switch (type) {
    case AttributeType::mapped_address:
    case AttributeType::username:
    case AttributeType::message_integrity:
    case AttributeType::error_code:
    case AttributeType::unknown_attributes:
    case AttributeType::realm:
    case AttributeType::nonce:
    case AttributeType::message_integrity_sha256:
    case AttributeType::password_algorithm:
    case AttributeType::userhash:
    case AttributeType::xor_mapped_address:
      return true;
    default:
      return false;
  }
}

bool known_of_turn(AttributeType type) {
  switch (type) {
    case AttributeType::channel_number:
    case AttributeType::lifetime:
    case AttributeType::xor_peer_address:
    case AttributeType::data:
    case AttributeType::xor_relayed_address:
    case AttributeType::requested_address_family:
    case AttributeType::even_port:
    case AttributeType::requested_transport:
    case AttributeType::dont_fragment:
    case AttributeType::reservation_token:
    case AttributeType::connection_id:
      return true;
    default:
      return false;
  }
}

bool known_of(Extension extension, AttributeType type) {
  switch (extension) {
    case Extension::none:
      return false;
    case Extension::behavior_discovery:
      return type == AttributeType::change_request || type == AttributeType::padding ||
             type == AttributeType::response_port;
    case Extension::third_party:
      return type == AttributeType::access_token;
  }
  return false;
}

}  // namespace

UnknownRequired unknown_required(const stun::MessageView& message, Extension extension) {
  const bool turn = message.method() != stun::Method::binding;
  UnknownRequired unknown;
  message.for_each([&](const stun::AttributeView& attribute) {
    const AttributeType type = attribute.type;
    const bool known =
        known_of_stun(type) || (turn && known_of_turn(type)) || known_of(extension, type);
    if (stun::comprehension_required(type) && !known) unknown.add(type);
  });
  return unknown;
}

}  // namespace stile::relay
