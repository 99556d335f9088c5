#include <algorithm>

#include "server/core/impl.hpp"
#include "server/core/malformed.hpp"

namespace stile::relay {

using stun::AttributeType;
using stun::ErrorNumber;

namespace {

std::uint32_t seconds_left(Instant now, Instant expires) {
  return static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(expires - now).count());
}

/// RFC 8656 §18.11.
///
/// Interop: the client of coturn 4.6 sends the attribute under the number that it had in drafts.
std::expected<stun::AdditionalAddressFamily, stun::ParseError> additional_family(
    const stun::MessageView& message) {
  using OfDrafts = stun::FamilyAttribute<AttributeType{0x8032}>;
  const auto additional = message.get<stun::AdditionalAddressFamily>();
  if (additional || malformed(additional)) return additional;
  const auto of_drafts = message.get<OfDrafts>();
  if (!of_drafts) return std::unexpected(of_drafts.error());
  return stun::AdditionalAddressFamily{of_drafts->family};
}

}  // namespace

// RFC 8656 §7.2; the request is authenticated (check 1) and has no unknown attributes (check 4).
Outcome Relay::Impl::allocate(const Request& request) {
  if (opening) return Nothing{};  // the shell has still to answer; the client will ask again
  if (const Allocation* existing = find(request.asked.five_tuple))
    return repeat_allocate(request, *existing);
  if (is_draining || config->redirect_always)
    return turn_away(request, ErrorNumber::insufficient_capacity);
  const auto wish = read_wish(request);
  if (!wish) return refuse(request, wish.error());
  if (wish->token) return claim_reservation(request, *wish);

  const std::size_t units = wish->port == PortWish::even_pair ? 2 : 1;
  if (!resources->take_quota(now, request.holder(), units))
    return resources->is_full(now, units)
               ? turn_away(request, ErrorNumber::allocation_quota_reached)
               : refuse(request, ErrorNumber::allocation_quota_reached);
  start_opening(request, *wish);
  return Nothing{};
}

// Check 2: a retransmission gets the same answer, anything else 437.
Outcome Relay::Impl::repeat_allocate(const Request& request, const Allocation& allocation) {
  const bool same =
      allocation.created_by == request.asked.transaction_id && allocation.user == request.user;
  if (!same) return refuse(request, ErrorNumber::allocation_mismatch);
  ++counters.success_responses;
  return ToClient{request.asked.five_tuple, allocate_success(request.asked, allocation)};
}

// Checks 3 and 5 to 9, in this order.
std::expected<AllocateWish, ErrorNumber> Relay::Impl::read_wish(const Request& request) const {
  const stun::MessageView& message = request.message;
  const auto transport = message.get<stun::RequestedTransport>();
  if (!transport) return std::unexpected(ErrorNumber::bad_request);
  const bool tcp = transport->protocol == stun::RequestedTransport::tcp;
  if (!tcp && transport->protocol != stun::RequestedTransport::udp)
    return std::unexpected(ErrorNumber::unsupported_transport_protocol);
  AllocateWish wish;
  wish.protocol = tcp ? RelayProtocol::tcp : RelayProtocol::udp;
  if (const auto objection = tcp ? objection_to_tcp(request) : std::nullopt)
    return std::unexpected(*objection);
  if (const auto objection = objection_to_mobility(request, wish.protocol))
    return std::unexpected(*objection);
  wish.is_mobile = message.has(AttributeType::mobility_ticket);

  const auto lifetime = message.get<stun::LifetimeAttribute>();
  const auto token = message.get<stun::ReservationToken>();
  const auto requested = message.get<stun::RequestedAddressFamily>();
  const auto additional = additional_family(message);
  const auto even_port = message.get<stun::EvenPort>();
  if (malformed(lifetime) || malformed(token) || malformed(requested) || malformed(additional) ||
      malformed(even_port))
    return std::unexpected(ErrorNumber::bad_request);
  if (token && (even_port || requested || additional))
    return std::unexpected(ErrorNumber::bad_request);
  if (requested && additional) return std::unexpected(ErrorNumber::bad_request);

  wish.lifetime = granted_lifetime(request);
  if (token) {
    wish.token = token->token;
    return wish;
  }
  const auto family = requested ? family_of_wire(requested->family) : Family::ipv4;
  const bool either_will_do = additional.has_value();
  if (!family || (!relay_address(*family) && !(either_will_do && relay_address(Family::ipv6))))
    return std::unexpected(ErrorNumber::address_family_not_supported);
  wish.family = *family;
  if (even_port) wish.port = even_port->reserve_next ? PortWish::even_pair : PortWish::even;
  if (additional &&
      (wish.port == PortWish::even_pair || family_of_wire(additional->family) != Family::ipv6))
    return std::unexpected(ErrorNumber::bad_request);
  wish.additional_ipv6 = additional.has_value();
  return wish;
}

// RFC 8656 §7.2, and §8.2 but for the 0 that deletes. RFC 7635 §9: no longer than the token's.
Duration Relay::Impl::granted_lifetime(const Request& request) const {
  const auto lifetime = request.message.get<stun::LifetimeAttribute>();
  const Duration proposed = std::chrono::seconds(lifetime ? lifetime->value : 0);
  const Duration granted =
      std::max(std::min(proposed, config->max_lifetime), config->default_lifetime);
  if (!request.session) return granted;
  const std::chrono::seconds left(request.session->expires.value - request.wall.value);
  return std::min<Duration>(granted, left);
}

// Check 5, and "the server uses the previously reserved transport address".
Outcome Relay::Impl::claim_reservation(const Request& request, AllocateWish wish) {
  const auto claimed = resources->claim(now, *wish.token, request.holder());
  if (!claimed)
    return refuse(request, claimed.error() == Resources::ClaimError::quota_reached
                               ? ErrorNumber::allocation_quota_reached
                               : ErrorNumber::insufficient_capacity);
  wish.family = claimed->family;
  wish.claimed_port = claimed->port;
  start_opening(request, wish);
  return Nothing{};
}

// RFC 8656 §7.2, last list.
Bytes Relay::Impl::allocate_success(const Asked& asked, const Allocation& allocation) {
  Response response(response_buffer, asked, stun::Class::success_response);
  for (const Family family : {Family::ipv4, Family::ipv6})
    if (const auto& relayed = allocation.of(family))
      response.add(stun::XorRelayedAddress{relayed->address});
  response.add(stun::LifetimeAttribute{seconds_left(now, allocation.expires())})
      .add(stun::XorMappedAddress{asked.five_tuple.client});
  if (allocation.reservation) response.add(stun::ReservationToken{*allocation.reservation});
  if (allocation.mobility) add_ticket(response, allocation);
  if (allocation.missing_family) response.add(*allocation.missing_family);
  if (!config->software.empty()) response.add(stun::Software{config->software});
  return response.finish();
}

}  // namespace stile::relay
