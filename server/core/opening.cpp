#include "server/core/opening.hpp"

#include "server/core/impl.hpp"

namespace stile::relay {

using Purpose = Opening::Purpose;

void Relay::Impl::start_opening(const Request& request, const AllocateWish& wish) {
  const unsigned attempts = wish.claimed_port ? 1 : config->open_attempts;
  opening.emplace(Opening{request.asked,
                          wish,
                          request.user,
                          request.session,
                          attempts,
                          Purpose::first,
                          {},
                          {},
                          {},
                          {},
                          {}});
  open_next();
}

/// Asks for the next socket that the request needs; with all of them there the allocation is made.
void Relay::Impl::open_next() {
  Opening& o = *opening;
  if (!o.first && !ask_for_socket(Purpose::first)) {
    if (o.wish.additional_ipv6 && o.wish.family == Family::ipv4) {  // the other family may still do
      const bool disabled = !relay_address(Family::ipv4);
      const auto why = disabled ? stun::ErrorNumber::address_family_not_supported
                                : stun::ErrorNumber::insufficient_capacity;
      o.missing_family = stun::AddressErrorCode{Family::ipv4, static_cast<std::uint16_t>(why), {}};
      o.wish.family = Family::ipv6;
      o.wish.additional_ipv6 = false;
      o.attempts_left = config->open_attempts;
      return open_next();
    }
    return refuse_opening(stun::ErrorNumber::insufficient_capacity);
  }
  if (!o.first) return;
  if (o.wish.additional_ipv6 && !o.additional && !o.missing_family) {
    if (ask_for_socket(Purpose::additional)) return;
    const auto why = relay_address(Family::ipv6) ? stun::ErrorNumber::insufficient_capacity
                                                 : stun::ErrorNumber::address_family_not_supported;
    o.missing_family = stun::AddressErrorCode{Family::ipv6, static_cast<std::uint16_t>(why), {}};
  }
  finish_opening();
}

/// False if there is no port left for it, or no attempt.
bool Relay::Impl::ask_for_socket(Purpose purpose) {
  Opening& o = *opening;
  const Family family = purpose == Purpose::additional ? Family::ipv6 : o.wish.family;
  if (o.attempts_left == 0 || !relay_address(family)) return false;
  --o.attempts_left;
  const auto port = o.wish.claimed_port
                        ? std::exchange(o.wish.claimed_port, std::nullopt)
                        : resources->take_port(now, family, random, o.wish.port, o.user);
  if (!port) return false;
  if (o.wish.port == PortWish::even_pair) o.next_port = static_cast<std::uint16_t>(*port + 1);
  ask_for_port(purpose, family, *port);
  return true;
}

void Relay::Impl::ask_for_port(Purpose purpose, Family family, std::uint16_t port) {
  const TransportAddress local{*relay_address(family), port};
  opening->purpose = purpose;
  opening->pending = sockets.insert({local, {}});
  commands.push_back(OpenRelaySocket{opening->pending, local, opening->wish.protocol});
}

void Relay::Impl::handle_relay_socket_opened(RelaySocketId socket, bool opened) {
  if (!opening || !socket || opening->pending != socket) return;
  opening->pending = {};
  if (!opened) {
    cancel_socket(socket);
    socket_failed();
    return open_next();
  }
  switch (opening->purpose) {
    case Purpose::first:
      opening->first = socket;
      if (opening->wish.additional_ipv6) opening->attempts_left = config->open_attempts;
      break;
    case Purpose::additional:
      opening->additional = socket;
      break;
  }
  open_next();
}

/// Gives up what was taken together with the socket that could not be bound; open_next() tries
/// another port.
void Relay::Impl::socket_failed() {
  Opening& o = *opening;
  if (o.purpose == Purpose::first && o.next_port)
    resources->cancel_port(o.wish.family, *std::exchange(o.next_port, std::nullopt));
}

/// The port was never in use: there is nobody who could still send to it.
void Relay::Impl::cancel_socket(RelaySocketId socket) {
  const TransportAddress local = sockets.find(socket)->local;
  resources->cancel_port(local.family(), local.port);
  sockets.erase(socket);
}

// RFC 8656 §7.2: "If all the checks pass, the server creates the allocation".
void Relay::Impl::finish_opening() {
  const Opening o = *std::exchange(opening, std::nullopt);
  const AllocationId id = add_allocation(o.asked, o.user);
  Allocation& allocation = *allocations.find(id);
  allocation.protocol = o.wish.protocol;
  allocation.missing_family = o.missing_family;
  if (o.session) allocation.session = std::make_unique<Session>(*o.session);
  if (o.wish.is_mobile) make_mobile(id);
  if (o.next_port)
    allocation.reservation =
        resources->reserve(now, o.wish.family, *o.next_port, o.holder(), random);
  add_relayed(id, *o.first, o.wish.lifetime);
  if (o.additional) add_relayed(id, *o.additional, o.wish.lifetime);
  ++counters.success_responses;
  commands.push_back(
      SendToClient{o.asked.five_tuple, copy_of(allocate_success(o.asked, allocation))});
}

/// A reserved port is no other server's.
void Relay::Impl::refuse_opening(stun::ErrorNumber number) {
  const Asked asked = opening->asked;
  const bool is_ours_alone = opening->wish.token.has_value();
  abandon_opening();
  const Bytes redirection = is_ours_alone ? Bytes() : try_alternate(asked);
  if (redirection.empty()) return refuse_later(asked, number);
  commands.push_back(SendToClient{asked.five_tuple, copy_of(redirection)});
}

void Relay::Impl::abandon_opening() {
  const Opening o = *std::exchange(opening, std::nullopt);
  for (const auto& socket : {o.first, o.additional})
    if (socket) close_socket(*socket, o.user);
  if (o.pending) close_socket(o.pending, o.user);
  if (o.next_port) resources->cancel_port(o.wish.family, *o.next_port);
  resources->give_back_quota(o.holder(), o.wish.port == PortWish::even_pair ? 2 : 1);
}

}  // namespace stile::relay
