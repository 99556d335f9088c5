#include "server/core/response.hpp"

namespace stile::relay {

Bytes Response::finish() {
  if (asked_.protection.integrity == Protection::Integrity::sha1)
    builder_.add_message_integrity(asked_.protection.key);
  if (asked_.protection.integrity == Protection::Integrity::sha256)
    builder_.add_message_integrity_sha256(asked_.protection.key);
  if (asked_.fingerprint) builder_.add_fingerprint();
  return builder_.finish();
}

std::string_view reason_phrase(stun::ErrorNumber number) {
  switch (number) {
    case stun::ErrorNumber::try_alternate:
      return "Try Alternate";
    case stun::ErrorNumber::bad_request:
      return "Bad Request";
    case stun::ErrorNumber::unauthenticated:
      return "Unauthenticated";
    case stun::ErrorNumber::forbidden:
      return "Forbidden";
    case stun::ErrorNumber::mobility_forbidden:
      return "Mobility Forbidden";
    case stun::ErrorNumber::unknown_attribute:
      return "Unknown Attribute";
    case stun::ErrorNumber::allocation_mismatch:
      return "Allocation Mismatch";
    case stun::ErrorNumber::stale_nonce:
      return "Stale Nonce";
    case stun::ErrorNumber::address_family_not_supported:
      return "Address Family not Supported";
    case stun::ErrorNumber::wrong_credentials:
      return "Wrong Credentials";
    case stun::ErrorNumber::unsupported_transport_protocol:
      return "Unsupported Transport Protocol";
    case stun::ErrorNumber::peer_address_family_mismatch:
      return "Peer Address Family Mismatch";
    case stun::ErrorNumber::connection_already_exists:
      return "Connection Already Exists";
    case stun::ErrorNumber::connection_timeout_or_failure:
      return "Connection Timeout or Failure";
    case stun::ErrorNumber::allocation_quota_reached:
      return "Allocation Quota Reached";
    case stun::ErrorNumber::role_conflict:
      return "Role Conflict";
    case stun::ErrorNumber::server_error:
      return "Server Error";
    case stun::ErrorNumber::insufficient_capacity:
      return "Insufficient Capacity";
  }
  return {};
}

}  // namespace stile::relay
