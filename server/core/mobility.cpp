#include <algorithm>

#include "server/core/impl.hpp"

namespace stile::relay {

using stun::ErrorNumber;

// RFC 8016 §3.1.2.
//
// Limit: RFC 6062: what is bound to a connection cannot move, so TCP allocations are not mobile.
std::optional<ErrorNumber> Relay::Impl::objection_to_mobility(const Request& request,
                                                              RelayProtocol protocol) const {
  const auto ticket = request.message.get<stun::MobilityTicket>();
  if (!ticket) return std::nullopt;
  if (!ticket->bytes.empty()) return ErrorNumber::bad_request;
  if (!config->serves_mobility() || protocol == RelayProtocol::tcp)
    return ErrorNumber::mobility_forbidden;
  return std::nullopt;
}

void Relay::Impl::make_mobile(AllocationId id) {
  allocations.find(id)->mobility = std::make_unique<Mobility>();
  draw_ticket(id);
}

void Relay::Impl::draw_ticket(AllocationId id) {
  MobilityTicket& ticket = allocations.find(id)->mobility->ticket;
  ticket = {{}, static_cast<std::uint16_t>(core.index), id};
  // Interop: coturn's client takes a ticket for text, which ends at the first zero byte.
  do {
    random.fill(ticket.number);
  } while (std::ranges::count(tickets.seal(ticket), 0) != 0);
}

void Relay::Impl::add_ticket(Response& response, const Allocation& allocation) const {
  const TicketOffice::Sealed ticket = tickets.seal(allocation.mobility->ticket);
  response.add(stun::MobilityTicket{ticket});
}

/// The allocation that a Refresh says it is about with a ticket, whoever shows it.
std::optional<AllocationId> Relay::Impl::named_by_ticket(const Request& request) const {
  if (!config->serves_mobility() || request.asked.method != stun::Method::refresh)
    return std::nullopt;
  const auto attribute = request.message.get<stun::MobilityTicket>();
  const auto ticket = attribute ? tickets.open(attribute->bytes) : std::nullopt;
  if (!ticket || ticket->core != core.index) return std::nullopt;
  const Allocation* const allocation = allocations.find(ticket->allocation);
  if (!allocation || !allocation->mobility) return std::nullopt;
  const bool good =
      *ticket == allocation->mobility->ticket ||
      (*ticket == allocation->mobility->used && is_repeated_move(request, *allocation));
  return good ? std::optional(ticket->allocation) : std::nullopt;
}

/// Its answer was lost, and the client asks again with the ticket that it has used already.
bool Relay::Impl::is_repeated_move(const Request& request, const Allocation& allocation) const {
  const FiveTuple latest = allocation.mobility->next.value_or(allocation.five_tuple);
  return request.asked.transaction_id == allocation.mobility->used_by &&
         request.asked.five_tuple == latest;
}

// RFC 8016 §3.2.2, from the ticket to the owner.
std::expected<AllocationId, ErrorNumber> Relay::Impl::allocation_to_move(
    const Request& request) const {
  if (!config->serves_mobility()) return std::unexpected(ErrorNumber::mobility_forbidden);
  if (!tickets.open(request.message.get<stun::MobilityTicket>()->bytes))
    return std::unexpected(ErrorNumber::bad_request);
  const auto id = named_by_ticket(request);
  if (!id) return std::unexpected(ErrorNumber::allocation_mismatch);
  const Allocation& allocation = *allocations.find(*id);
  if (allocation.user != request.user) return std::unexpected(ErrorNumber::wrong_credentials);
  const auto here = by_five_tuple.find(request.asked.five_tuple);
  if (here == by_five_tuple.end() || is_repeated_move(request, allocation)) return *id;
  return std::unexpected(here->second == *id ? ErrorNumber::bad_request
                                             : ErrorNumber::allocation_mismatch);
}

/// False if the network that the client has come to has its share of allocations. The client is
/// served at both its places until there is data from the new one.
bool Relay::Impl::announce_move(AllocationId id, const Request& request) {
  Allocation& allocation = *allocations.find(id);
  if (is_repeated_move(request, allocation)) return true;
  if (!resources->pass_on_quota(now, allocation.holder(), request.holder())) return false;
  allocation.network = request.holder().network;
  Mobility& mobility = *allocation.mobility;
  mobility.used = mobility.ticket;
  mobility.used_by = request.asked.transaction_id;
  draw_ticket(id);
  if (mobility.next) forget_client(id, *mobility.next);
  mobility.next = request.asked.five_tuple;
  by_five_tuple.emplace(request.asked.five_tuple, id);
  if (mobility.is_adrift) end_move(id);
  return true;
}

/// RFC 8016 §3.2.2: data from the new five-tuple is the sign that the client has got the answer.
void Relay::Impl::data_has_come(const FiveTuple& from, const Allocation& allocation) {
  if (allocation.mobility->next == from) end_move(by_five_tuple.find(from)->second);
}

/// The old five-tuple is of no more use; the channels go over to the new one.
void Relay::Impl::end_move(AllocationId id) {
  Allocation& allocation = *allocations.find(id);
  const FiveTuple next = *std::exchange(allocation.mobility->next, std::nullopt);
  for (const ChannelBinding& binding : allocation.channels) unbind_flow(allocation, binding);
  forget_client(id, allocation.five_tuple);
  events.push_back(AllocationMoved{allocation.five_tuple, next, allocation.user});
  allocation.five_tuple = next;
  allocation.mobility->is_adrift = false;
  for (const ChannelBinding& binding : allocation.channels) bind_flow(allocation, binding);
}

/// A mobile client's allocation outlives its connection as another's outlives a silence over UDP.
void Relay::Impl::lose_connection(AllocationId id, const FiveTuple& five_tuple) {
  Allocation& allocation = *allocations.find(id);
  Mobility& mobility = *allocation.mobility;
  forget_client(id, five_tuple);
  if (mobility.next == five_tuple)
    mobility.next.reset();
  else if (mobility.next)
    end_move(id);
  else
    mobility.is_adrift = true;
}

}  // namespace stile::relay
