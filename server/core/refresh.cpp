#include "server/core/impl.hpp"
#include "server/core/malformed.hpp"

namespace stile::relay {

// RFC 8656 §8.2. A dual allocation is refreshed or deleted as a whole, or by family (§8.1). With a
// ticket it is named by that and comes along to where the request is from (RFC 8016 §3.2.2).
Outcome Relay::Impl::refresh(const Request& request) {
  const bool moves = request.message.has(stun::AttributeType::mobility_ticket);
  const auto id = moves ? allocation_to_move(request) : allocation_of(request);
  if (!id) return refuse(request, id.error());
  const auto requested = request.message.get<stun::RequestedAddressFamily>();
  const auto lifetime = request.message.get<stun::LifetimeAttribute>();
  if (malformed(requested) || malformed(lifetime))
    return refuse(request, stun::ErrorNumber::bad_request);

  Allocation& allocation = *allocations.find(*id);
  const auto only = requested ? family_of_wire(requested->family) : std::nullopt;
  if (requested && (!only || !allocation.of(*only)))
    return refuse(request, stun::ErrorNumber::peer_address_family_mismatch);

  const bool deletes = lifetime && lifetime->value == 0;
  if (moves && !deletes && !announce_move(*id, request))
    return refuse(request, stun::ErrorNumber::allocation_quota_reached);
  const Duration desired = deletes ? Duration::zero() : granted_lifetime(request);
  if (request.session) allocation.session = std::make_unique<Session>(*request.session);
  if (deletes && !(only && allocation.has_other_than(*only))) {
    remove_allocation(*id, EndReason::deleted);
  } else {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      if (!allocation.of(family) || (only && *only != family)) continue;
      if (deletes)
        remove_relayed(allocation, family);
      else
        allocation.of(family)->expires = now + desired;
    }
    alarms.set(*id, allocation.next_deadline());
  }

  Response response = success(request);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(desired).count();
  response.add(stun::LifetimeAttribute{static_cast<std::uint32_t>(seconds)});
  if (moves && !deletes) add_ticket(response, allocation);
  if (!config->software.empty()) response.add(stun::Software{config->software});
  return send(request, response);
}

}  // namespace stile::relay
