#include "server/core/impl.hpp"

namespace stile::relay {

/// The kernel chooses a core for each five-tuple by itself, so what a client has may be in another
/// one than its messages come to.
std::optional<std::uint32_t> Relay::Impl::other_core(const FiveTuple& five_tuple,
                                                     const stun::MessageView& message) const {
  if (by_five_tuple.contains(five_tuple)) return std::nullopt;  // whoever has something here stays
  if (message.method() == stun::Method::refresh) return core_of_ticket(message);
  if (message.method() == stun::Method::connection_bind && is_stream(five_tuple.transport))
    return core_of_connection(message);
  return std::nullopt;
}

/// RFC 8016: a client that has moved.
std::optional<std::uint32_t> Relay::Impl::core_of_ticket(const stun::MessageView& message) const {
  if (!config->serves_mobility()) return std::nullopt;
  const auto attribute = message.get<stun::MobilityTicket>();
  const auto ticket = attribute ? tickets.open(attribute->bytes) : std::nullopt;
  if (!ticket || ticket->core == core.index || ticket->core >= core.count) return std::nullopt;
  return ticket->core;
}

/// RFC 6062: a client's data connection.
std::optional<std::uint32_t> Relay::Impl::core_of_connection(
    const stun::MessageView& message) const {
  const auto id = message.get<stun::ConnectionId>();
  if (!id || id->value % core.count == core.index) return std::nullopt;
  return id->value % core.count;
}

}  // namespace stile::relay
