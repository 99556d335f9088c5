#include "stile/ice/agent.hpp"

#include <algorithm>
#include <cassert>
#include <stdexcept>

#include "ice/impl.hpp"

namespace stile::ice {

Agent::Agent(Config config, Random& random)
    : impl_(std::make_unique<Impl>(std::move(config), random)) {}
Agent::~Agent() = default;
Agent::Agent(Agent&&) noexcept = default;
Agent& Agent::operator=(Agent&&) noexcept = default;

const Credentials& Agent::local_credentials() const {
  return impl_->local;
}
State Agent::state() const {
  return impl_->state;
}
Parameters Agent::local_parameters() const {
  Parameters parameters{impl_->local, impl_->config.lite, {"ice2"}, impl_->config.ta};
  if (impl_->config.trickle) parameters.options.emplace_back("trickle");
  parameters.options.emplace_back("renomination");
  if (impl_->config.hard_nats) parameters.options.emplace_back(hard_nats_option);
  return parameters;
}
Role Agent::role() const {
  return impl_->role;
}
const Counters& Agent::counters() const {
  return impl_->counters;
}
Instant Agent::poll_timeout() const {
  return impl_->wake_at;
}

void Agent::gather(Instant now, std::span<const IpAddress> local_addresses) {
  const bool first = impl_->sockets.empty() && !impl_->gathering_done;
  if (first && impl_->state != State::closed && impl_->state != State::failed)
    impl_->gather(now, local_addresses);
  impl_->plan();
}

void Agent::expect_servers() {
  impl_->more_servers = true;
}

void Agent::add_servers(Instant now, std::vector<TransportAddress> stun,
                        std::vector<TurnServer> turn) {
  impl_->add_servers(now, std::move(stun), std::move(turn));
  impl_->fire_transactions(now);
  impl_->plan();
}

void Agent::end_of_servers(Instant now) {
  impl_->end_of_servers(now);
  impl_->plan();
}

void Agent::handle_socket_opened(Instant now, SocketId id,
                                 std::expected<TransportAddress, std::string> local) {
  impl_->socket_opened(now, id, std::move(local));
  impl_->fire_transactions(now);
  impl_->plan();
}

void Agent::handle_disconnected(Instant now, SocketId id, const std::string& reason) {
  impl_->disconnected(now, id, reason);
  impl_->fire_transactions(now);
  impl_->plan();
}

void Agent::handle_router_answer(Instant now, RequestId id, const portmap::HttpOutcome& outcome) {
  impl_->take_router_answer(now, id, outcome);
  impl_->fire_transactions(now);
  impl_->plan();
}

std::optional<SocketId> Agent::handle_accepted(Instant now, SocketId listener,
                                               const TransportAddress& remote) {
  const auto id = impl_->accept(listener, remote);
  impl_->fire_transactions(now);
  impl_->plan();
  return id;
}

void Agent::handle_local_addresses(Instant now, std::span<const IpAddress> addresses) {
  impl_->take_local_addresses(now, addresses);
  impl_->fire_transactions(now);
  impl_->check_consent(now);
  impl_->ask_after_loss(now);
  impl_->plan();
}

void Agent::restart(Instant now, std::span<const IpAddress> local_addresses) {
  impl_->restart(now, local_addresses);
  impl_->fire_transactions(now);
  impl_->plan();
}

bool Agent::is_restart(const Credentials& offered) const {
  const auto& known = impl_->remote;
  return known && known->credentials.ufrag != offered.ufrag &&
         known->credentials.pwd != offered.pwd;
}

void Agent::set_remote_parameters(Instant now, Parameters parameters) {
  impl_->set_remote_parameters(now, std::move(parameters));
  impl_->fire_transactions(now);
  impl_->plan();
}

void Agent::add_remote_candidate(Instant now, Candidate candidate) {
  impl_->add_remote_candidate(now, std::move(candidate));
  impl_->fire_transactions(now);
  impl_->plan();
}

void Agent::end_of_remote_candidates(Instant now) {
  impl_->end_of_remote_candidates(now);
  impl_->plan();
}

std::optional<Received> Agent::handle_datagram(Instant now, SocketId socket,
                                               const TransportAddress& from,
                                               MutableBytes datagram) {
  const auto found = std::ranges::find(impl_->sockets, socket, &Socket::id);
  if (found == impl_->sockets.end() || found->status != Socket::Status::open) return std::nullopt;
  const auto index = static_cast<std::size_t>(found - impl_->sockets.begin());
  if (auto received = impl_->take_datagram(now, index, from, datagram)) return received;
  impl_->fire_transactions(now);
  impl_->plan();
  return std::nullopt;
}

std::expected<Transmit, SendError> Agent::send(Instant now, ComponentId component,
                                               MutableBytes data) {
  return impl_->transmit(now, component, data);
}

void Agent::handle_timeout(Instant now) {
  if (impl_->state == State::closed) return;
  for (std::size_t i = 0; i < impl_->relays.size(); ++i) {
    impl_->relays[i]->client.handle_timeout(now);
    impl_->drain_relay(now, i);
  }
  impl_->handle_port_mapping_timeouts(now);
  impl_->retransmit_server_checks(now);
  impl_->give_up_slow_servers(now);
  impl_->connect_again(now);
  impl_->retransmit_checks(now);
  impl_->fire_transactions(now);
  impl_->spray(now);
  impl_->doubt_nominations(now);
  impl_->nominate(now);
  impl_->check_consent(now);
  impl_->watch_paths(now);
  impl_->watch_quality(now);
  impl_->ask_for_restart(now);
  impl_->ask_after_loss(now);
  if (impl_->config.lite)
    impl_->keep_lite_paths_alive(now);
  else
    impl_->keep_mappings_alive(now);
  impl_->release_unused(now);
  impl_->fail_if_hopeless(now);
  impl_->plan();
}

std::optional<Command> Agent::poll_command() {
  if (impl_->commands.empty()) return std::nullopt;
  Command command = std::move(impl_->commands.front());
  impl_->commands.pop_front();
  return command;
}

std::optional<Event> Agent::poll_event() {
  if (impl_->events.empty()) return std::nullopt;
  Event event = std::move(impl_->events.front());
  impl_->events.pop_front();
  return event;
}

void Agent::close(Instant now) {
  impl_->close(now);
}

void Agent::for_each_pair(const std::function<void(const PairReport&)>& visit) const {
  for (const CandidatePair& pair : impl_->checklists.pairs()) {
    const std::size_t local = pair.valid ? pair.valid_local : pair.local;
    visit({.local = impl_->locals[local].candidate,
           .remote = impl_->remotes[pair.remote],
           .state = pair.state,
           .problem = pair.state == PairState::failed ? pair.problem : PairProblem::none,
           .error = pair.error,
           .valid = pair.valid,
           .nominated = pair.was_selected,
           .selected = impl_->is_selected(pair),
           .checks_sent = pair.checks_sent,
           .responses_received = pair.responses_received,
           .unsigned_answers = pair.unsigned_answers,
           .checks_received = pair.checks_received,
           .round_trip_time = pair.round_trip_time,
           .total_round_trip_time = pair.total_round_trip_time,
           .packets_sent = pair.packets_sent,
           .bytes_sent = pair.bytes_sent,
           .packets_received = pair.packets_received,
           .bytes_received = pair.bytes_received});
  }
}

// RFC 8839 §5.4: at least 24 bits of ufrag and 128 bits of pwd; an ice-char holds 6.
Agent::Impl::Impl(Config configuration, Random& random_source)
    : config(std::move(configuration)),
      random(random_source),
      role(config.role),
      tie_breaker(random.u64()),
      local{random.ice_chars(8), random.ice_chars(24)},
      stun_servers(config.stun_servers),
      turn_servers(config.turn_servers),
      checklists(config.streams, config.max_pairs),
      components(std::size_t{config.streams} * config.components) {
  if (!config.ports.is_valid())
    throw std::invalid_argument("ports " + to_string(config.ports) + " are no range");
}

bool Parameters::has_option(std::string_view option) const {
  return std::ranges::find(options, option) != options.end();
}

bool Agent::Impl::has(ComponentId id) const {
  return id.stream >= 1 && id.stream <= config.streams && id.component >= 1 &&
         id.component <= config.components;
}

ComponentId Agent::Impl::component_at(std::size_t index) const {
  return {static_cast<std::uint16_t>(index / config.components + 1),
          static_cast<std::uint16_t>(index % config.components + 1)};
}

void Agent::Impl::set_state(State next, std::string reason) {
  if (state == next || state == State::closed) return;
  state = next;
  events.push_back(StateChanged{next, std::move(reason)});
}

void Agent::Impl::send(const Base& base, const TransportAddress& to, Bytes datagram) {
  const Socket& socket = sockets[base.socket];
  assert(socket.status == Socket::Status::open && "what is sent leaves by an open socket");
  if (!base.relay) {
    commands.push_back(SendDatagram{socket.id, to, copy_of(datagram)});
    return;
  }
  turn::Client& client = relays[*base.relay]->client;
  ByteVector buffer(datagram_headroom + datagram.size());
  std::ranges::copy(datagram, buffer.begin() + datagram_headroom);
  const Bytes wrapped = client.wrap(to, MutableBytes(buffer).subspan(datagram_headroom));
  if (!wrapped.empty())
    commands.push_back(SendDatagram{socket.id, client.server(), copy_of(wrapped)});
}

/// Starts what may start now: one transaction for each Ta, gathering before checks (RFC 8445
/// §14.2).
void Agent::Impl::fire_transactions(Instant now) {
  if (state == State::closed || state == State::failed) return;
  while (next_transaction <= now && wants_to_start() && has_place(now)) {
    if (!start_next_server(now)) send_next_check(now);
    next_transaction = now + pace();
  }
}

bool Agent::Impl::wants_to_start() {
  return !servers_to_ask.empty() ||
         checklists.has_next([this](const CandidatePair& pair) { return may_check(pair); });
}

/// Among all agents that share the pacing. A place that is yet to come is waited for.
bool Agent::Impl::has_place(Instant now) {
  if (!config.shared_pacing) return true;
  if (!place) place = config.shared_pacing->reserve(now);
  if (*place > now) {
    next_transaction = *place;
    return false;
  }
  place.reset();
  return true;
}

// RFC 8445 §14.2.
Duration Agent::Impl::pace() const {
  if (!remote) return config.ta;
  return std::max(config.ta, remote->pacing.value_or(config.ta_without_proposal));
}

void Agent::Impl::plan() {
  wake_at = std::min({next_keepalive, release_relays_at, gathering_ends, next_spray});
  if (state == State::closed) {
    wake_at = never;
    return;
  }
  for (const auto& relay : relays) wake_at = std::min(wake_at, relay->client.poll_timeout());
  for (const auto& each : port_mappings) wake_at = std::min(wake_at, each->mapping.poll_timeout());
  for (const ServerCheck& check : server_checks)
    wake_at = std::min(wake_at, check.timer.deadline());
  for (const CandidatePair& pair : checklists.pairs()) {
    for (const Check& check : pair.checks) wake_at = std::min(wake_at, check.timer.deadline());
    if (!component(pair.component).selected)
      wake_at = std::min(wake_at, nomination_doubted_at(pair));
  }
  for (const Reconnection& each : reconnections) wake_at = std::min(wake_at, each.at);
  for (const Component& each : components) {
    if (each.former)
      wake_at = std::min({wake_at, each.former->consent.next_check, each.former->consent.next_retry,
                          each.former->consent.until});
    if (state == State::failed) continue;
    wake_at =
        std::min({wake_at, each.consent.next_check, each.consent.next_retry, each.nominate_at});
    if (each.selected) wake_at = std::min(wake_at, each.consent.until);
    if (each.selected && each.quality.unanswered_since != never && !each.quality.degraded)
      wake_at = std::min(wake_at, each.quality.unanswered_since + silence_until_degraded(each));
    if (each.selected && watches_paths())
      wake_at = std::min({wake_at, each.next_probe, each.next_backup_check});
    if (each.lost_at) wake_at = std::min(wake_at, each.next_probe);
  }
  if (state != State::failed && wants_to_start()) wake_at = std::min(wake_at, next_transaction);
  if (state == State::checking) wake_at = std::min(wake_at, no_failure_before);
  wake_at = std::min(wake_at, restart_due());
}

void Agent::Impl::close(Instant now) {
  if (state == State::closed) return;
  for (const auto& relay : relays) {
    relay->client.close(now);
    while (const auto bytes = relay->client.poll_transmit())
      commands.push_back(SendDatagram{sockets[relay->socket].id, relay->client.server(), *bytes});
  }
  spraying.reset();
  for (Socket& socket : sockets) close_socket(socket);
  checklists.clear();
  reconnections.clear();
  server_checks.clear();
  servers_to_ask.clear();
  set_state(State::closed);
  wake_at = never;
}

}  // namespace stile::ice
