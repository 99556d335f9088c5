#include "server/core/relay.hpp"

#include <algorithm>

#include "server/core/impl.hpp"
#include "server/core/unknown_attributes.hpp"

namespace stile::relay {

namespace {
constexpr std::size_t largest_indication = 65'536 + datagram_headroom + datagram_tailroom;
}

Relay::Impl::Impl(std::shared_ptr<const Config> shared_config, Random& random_source,
                  std::shared_ptr<Resources> shared_resources, CoreNumber number)
    : config(std::move(shared_config)),
      random(random_source),
      resources(shared_resources ? std::move(shared_resources)
                                 : std::make_shared<Resources>(*config)),
      authentication(*config, resources, random),
      clients(config->clients),
      gate(*config),
      unauthenticated(config->unauthenticated, random),
      guesses(config->guesses, random),
      tickets(resources->ticket_key(random)),
      core(number),
      indication_buffer(largest_indication) {
  random.fill(indication_seed);
}

// RFC 8656 §12: the first two bits tell STUN from ChannelData; nothing else comes from a client.
Outcome Relay::Impl::handle_client_datagram(Instant at, UnixSeconds wall,
                                            const FiveTuple& five_tuple, MutableBytes datagram,
                                            std::uint8_t traffic_class) {
  advance(at);
  if (!clients.admits(five_tuple.client.ip)) {
    ++counters.denied_clients;
    return Nothing{};
  }
  if (!elsewhere.empty())
    if (const auto found = elsewhere.find(five_tuple); found != elsewhere.end())
      return ToOtherCore{found->second};
  if (!datagram.empty() && (datagram[0] & 0xc0) == 0x40)
    return channel_data(five_tuple, datagram, traffic_class);
  if (five_tuple.client.port == 0) {
    ++counters.not_understood;
    return Nothing{};
  }
  const auto message = stun::MessageView::parse(datagram);
  if (!message) return classic_datagram(five_tuple, datagram);
  switch (message->message_class()) {
    case stun::Class::request:
      return handle_request(wall, five_tuple, *message);
    case stun::Class::indication:
      if (message->method() == stun::Method::send)
        return send_indication(five_tuple, *message, traffic_class);
      if (message->method() == stun::Method::binding)
        return Nothing{};  // RFC 8489 §6.3.2: a keepalive
      break;
    case stun::Class::success_response:
    case stun::Class::error_response:
      break;
  }
  ++counters.unexpected_messages;
  return Nothing{};
}

Outcome Relay::Impl::handle_request(UnixSeconds wall, const FiveTuple& five_tuple,
                                    const stun::MessageView& message) {
  Request request{now,
                  wall,
                  message,
                  {five_tuple,
                   message.method(),
                   message.transaction_id(),
                   message.has(stun::AttributeType::fingerprint),
                   {}},
                  {},
                  {}};
  switch (message.method()) {
    case stun::Method::binding:
      return binding(request);
    case stun::Method::allocate:
    case stun::Method::refresh:
    case stun::Method::create_permission:
    case stun::Method::channel_bind:
    case stun::Method::connect:
    case stun::Method::connection_bind:
      if (const auto index = other_core(five_tuple, message)) return ToOtherCore{*index};
      return handle_turn_request(request);
    case stun::Method::send:
    case stun::Method::data:
    case stun::Method::connection_attempt:
      break;
  }
  ++counters.unexpected_messages;
  return Nothing{};
}

Outcome Relay::Impl::handle_turn_request(Request& request) {
  if (!config->serves_relays())
    return may_answer(request.asked) ? refuse(request, stun::ErrorNumber::forbidden) : Nothing{};

  // Without names, those of one network are one user.
  if (config->allow_anonymous)
    request.user = network_of(request.asked.five_tuple.client.ip).to_string();
  else if (is_guessing(request))
    return leave_untried(request);
  else if (const auto authenticated = authenticate(request); !authenticated)
    return challenge(request, authenticated.error());

  // RFC 8489 §6.3: unknown attributes are looked for once the request is known to be genuine.
  const auto known = config->oauth_keys.empty() ? Extension::none : Extension::third_party;
  const auto unknown = unknown_required(request.message, known);
  if (!unknown.empty()) return refuse_unknown(request, unknown.types());
  switch (request.asked.method) {
    case stun::Method::allocate:
      return allocate(request);
    case stun::Method::refresh:
      return refresh(request);
    case stun::Method::create_permission:
      return create_permission(request);
    case stun::Method::channel_bind:
      return channel_bind(request);
    case stun::Method::connect:
      return connect(request);
    case stun::Method::connection_bind:
      return connection_bind(request);
    default:
      return Nothing{};
  }
}

std::expected<void, Authentication::Refused> Relay::Impl::authenticate(Request& request) {
  const Allocation* const subject = subject_of(request);
  const bool continues = subject && request.asked.method != stun::Method::allocate;
  const bool indulgent = !config->strict_expiry && continues;
  const Session* const known = subject ? subject->session.get() : nullptr;
  auto accepted =
      authentication.check(request.wall, nonce_bearer(request.asked.five_tuple), request.message,
                           indulgent ? Expiry::ignored : Expiry::enforced, known);
  if (!accepted) return std::unexpected(accepted.error());

  // RFC 7635 §9: the next token, of the next key, refreshes what the first one has made. Whose the
  // allocation is tells the five-tuple, for which the nonce is, or the ticket.
  const bool goes_on = accepted->session && known;
  request.user = goes_on ? subject->user : std::move(accepted->user);
  request.asked.protection = std::move(accepted->protection);
  request.session = std::move(accepted->session);
  return {};
}

const Allocation* Relay::Impl::subject_of(const Request& request) const {
  if (request.asked.method == stun::Method::connection_bind) {
    const auto pending = pending_connection(request.message);
    return pending ? allocations.find(peer_connections.find(*pending)->owner) : nullptr;
  }
  if (const auto named = named_by_ticket(request)) return allocations.find(*named);
  const auto found = by_five_tuple.find(request.asked.five_tuple);
  return found == by_five_tuple.end() ? nullptr : allocations.find(found->second);
}

void Relay::Impl::advance(Instant at) {
  now = std::max(now, at);
  while (const auto due = alarms.pop_due(now)) expire(*due);
  while (const auto due = peer_alarms.pop_due(now)) expire(*due);
}

std::optional<Family> Relay::Impl::family_of_wire(std::uint8_t family) {
  if (family == stun::wire_family(Family::ipv4)) return Family::ipv4;
  if (family == stun::wire_family(Family::ipv6)) return Family::ipv6;
  return std::nullopt;
}

TransportAddress Relay::Impl::external(const TransportAddress& local) const {
  for (const ExternalAddress& nat : config->external_addresses)
    if (nat.external.family() == local.family() && nat.internal.value_or(local.ip) == local.ip)
      return {nat.external, local.port};
  return local;
}

std::optional<IpAddress> Relay::Impl::relay_address(Family family) const {
  for (const IpAddress& address : config->relay_addresses)
    if (address.family() == family) return address;
  return std::nullopt;
}

Relay::Relay(std::shared_ptr<const Config> config, Random& random,
             std::shared_ptr<Resources> resources, CoreNumber number)
    : impl_(std::make_unique<Impl>(std::move(config), random, std::move(resources), number)) {}
Relay::~Relay() = default;
Relay::Relay(Relay&&) noexcept = default;

Outcome Relay::handle_client_datagram(Instant now, UnixSeconds wall, const FiveTuple& five_tuple,
                                      MutableBytes datagram, std::uint8_t traffic_class) {
  return impl_->handle_client_datagram(now, wall, five_tuple, datagram, traffic_class);
}

Outcome Relay::handle_peer_datagram(Instant now, RelaySocketId socket, const TransportAddress& peer,
                                    MutableBytes datagram, std::uint8_t traffic_class) {
  impl_->advance(now);
  return impl_->peer_datagram(socket, peer, datagram, traffic_class);
}

Outcome Relay::handle_peer_icmp(Instant now, RelaySocketId socket, const TransportAddress& peer,
                                const stun::Icmp& icmp) {
  impl_->advance(now);
  return impl_->peer_icmp(socket, peer, icmp);
}

void Relay::handle_relay_socket_opened(Instant now, RelaySocketId socket, bool opened) {
  impl_->advance(now);
  impl_->handle_relay_socket_opened(socket, opened);
}

void Relay::handle_peer_connected(Instant now, PeerConnectionId id, bool connected) {
  impl_->advance(now);
  impl_->peer_connected(id, connected);
}

std::optional<PeerConnectionId> Relay::handle_peer_accepted(Instant now, RelaySocketId socket,
                                                            const TransportAddress& peer) {
  impl_->advance(now);
  return impl_->peer_accepted(socket, peer);
}

void Relay::handle_peer_closed(Instant now, PeerConnectionId id) {
  impl_->advance(now);
  impl_->peer_closed(id);
}

ReadAgain Relay::handle_peer_data(Instant now, PeerConnectionId id, std::size_t to_peer,
                                  std::size_t from_peer) {
  impl_->advance(now);
  return impl_->peer_data(id, to_peer, from_peer);
}

void Relay::handle_client_closed(Instant now, const FiveTuple& five_tuple) {
  impl_->advance(now);
  if (impl_->opening && impl_->opening->asked.five_tuple == five_tuple) impl_->abandon_opening();
  const auto found = impl_->by_five_tuple.find(five_tuple);
  if (found == impl_->by_five_tuple.end()) return;
  const AllocationId id = found->second;
  if (impl_->allocations.find(id)->mobility)
    impl_->lose_connection(id, five_tuple);
  else
    impl_->remove_allocation(id, EndReason::client_closed);
}

void Relay::handle_client_elsewhere(Instant now, const FiveTuple& five_tuple,
                                    std::optional<std::uint32_t> core) {
  impl_->advance(now);
  if (core)
    impl_->elsewhere.insert_or_assign(five_tuple, *core);
  else
    impl_->elsewhere.erase(five_tuple);
}

void Relay::handle_timeout(Instant now) {
  impl_->advance(now);
}

void Relay::handle_flow_traffic(const FiveTuple& five_tuple, RelaySocketId socket,
                                const Traffic& to_peer, const Traffic& from_peer) {
  impl_->flow_traffic(five_tuple, socket, to_peer, from_peer);
}

void Relay::handle_config(Instant now, std::shared_ptr<const Config> config) {
  impl_->advance(now);
  impl_->reconfigure(std::move(config));
}

void Relay::handle_drain(Instant now) {
  impl_->advance(now);
  impl_->is_draining = true;
}

bool Relay::handle_close(Instant now, const FiveTuple& five_tuple) {
  impl_->advance(now);
  const auto found = impl_->by_five_tuple.find(five_tuple);
  if (found == impl_->by_five_tuple.end()) return false;
  impl_->remove_allocation(found->second, EndReason::closed);
  return true;
}

Instant Relay::poll_timeout() const {
  return std::min(impl_->alarms.earliest(), impl_->peer_alarms.earliest());
}

std::optional<Command> Relay::poll_command() {
  if (impl_->commands.empty()) return std::nullopt;
  Command command = std::move(impl_->commands.front());
  impl_->commands.pop_front();
  return command;
}

std::optional<Event> Relay::poll_event() {
  if (impl_->events.empty()) return std::nullopt;
  Event event = std::move(impl_->events.front());
  impl_->events.pop_front();
  return event;
}

bool Relay::serves(const IpAddress& client) const {
  return impl_->clients.admits(client);
}

bool Relay::has_allocation(const FiveTuple& five_tuple) const {
  return impl_->by_five_tuple.contains(five_tuple) || core_of(five_tuple);
}

std::optional<std::uint32_t> Relay::core_of(const FiveTuple& five_tuple) const {
  const auto found = impl_->elsewhere.find(five_tuple);
  return found == impl_->elsewhere.end() ? std::nullopt : std::optional(found->second);
}

const Counters& Relay::counters() const {
  return impl_->counters;
}

void Relay::for_each_allocation(const std::function<void(const AllocationInfo&)>& visit) const {
  impl_->allocations.for_each([&](AllocationId, const Allocation& allocation) {
    visit({allocation.five_tuple, allocation.user, allocation.address(Family::ipv4),
           allocation.address(Family::ipv6), allocation.created, allocation.expires(),
           allocation.permissions, allocation.channels, allocation.to_peers, allocation.from_peers,
           allocation.protocol, allocation.peer_connections.size()});
  });
}

}  // namespace stile::relay
