#include "nat/core/nat.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "nat/core/core.hpp"

namespace stile::nat {

Nat::Core::Core(Config config, Random& random)
    : config_(std::move(config)),
      inside_networks_(config_.inside_networks),
      no_nat_(config_.no_nat),
      next_identification_(static_cast<std::uint16_t>(random.u32())),
      static_(config_, random),
      bindings_(config_, random, counters_,
                [this](Event&& event) { push_event(std::move(event)); }),
      esp_(config_, random),
      held_syns_(config_, random),
      fragments_{FragmentTracker(config_, random), FragmentTracker(config_, random)},
      icmp_errors_(config_, counters_) {
  list_external();
  inside_address_ =
      config_.inside_address.is_v4() ? config_.inside_address.v4_bits() : first_external_;
  bindings_.add_forwards(now_);
  bindings_.add_balancers(now_);
}

void Nat::Core::list_external() {
  std::vector<std::uint32_t> addresses;
  for (const IpAddress& address : config_.external) addresses.push_back(address.v4_bits());
  if (!addresses.empty()) first_external_ = addresses.front();
  for (const StaticAddress& pair : config_.static_addresses)
    addresses.push_back(pair.external.v4_bits());
  external_.assign(std::move(addresses));
}

void Nat::Core::set_external(Instant now, std::vector<IpAddress> external) {
  advance(now);
  config_.external = std::move(external);
  list_external();
  bindings_.follow_external(now_);
  held_syns_.clear();
  esp_.clear();
  for (FragmentTracker& tracker : fragments_) tracker.clear();
  push_event(ExternalChanged{config_.external});
}

/// Time that goes backwards stands still. What is over ends before anything else is done.
void Nat::Core::advance(Instant now) {
  now_ = std::max(now_, now);
  if (rebind_at_ == never && config_.rebind_every > Duration::zero())
    rebind_at_ = now_ + config_.rebind_every;
  if (poll_timeout() > now_) {
    is_late_ = false;
    return;
  }
  rebind();
  bindings_.end_due(now_);
  if (config_.probes_connections) probe_doubted();
  esp_.end_due(now_);
  answer_held_syns();
  for (FragmentTracker& tracker : fragments_)
    counters_.dropped_fragment_timeout += tracker.end_due(now_);
  is_late_ = poll_timeout() <= now_;
}

/// Config::rebind_every.
void Nat::Core::rebind() {
  if (rebind_at_ > now_) return;
  rebind_at_ = now_ + config_.rebind_every;
  bindings_.end_all(now_);
}

Instant Nat::Core::poll_timeout() const {
  return std::min({rebind_at_, bindings_.earliest(), esp_.earliest(), held_syns_.earliest(),
                   fragments_[0].earliest(), fragments_[1].earliest()});
}

std::optional<Command> Nat::Core::poll_command() {
  if (commands_.empty()) return std::nullopt;
  Command command = std::move(commands_.front());
  commands_.pop_front();
  return command;
}

std::optional<Event> Nat::Core::poll_event() {
  if (events_.empty()) return std::nullopt;
  std::optional<Event> event(std::move(events_.front()));
  events_.pop_front();
  return event;
}

void Nat::Core::push_event(Event&& event) {
  if (events_.size() >= config_.max_events) {
    ++counters_.events_lost;
    return;
  }
  events_.push_back(std::move(event));
}

void Nat::Core::flush(Instant now) {
  advance(now);
  bindings_.end_all(now_);
  held_syns_.clear();
  esp_.clear();
  for (FragmentTracker& tracker : fragments_) tracker.clear();
}

void Nat::Core::set_server_well(Instant now, Endpoint server, bool is_well) {
  advance(now);
  if (bindings_.set_server_well(now_, server, is_well))
    push_event(ServerChanged{to_public(server), is_well});
}

Nat::Nat(Config config, Random& random) {
  if (const auto problem = problem_with(config)) throw std::invalid_argument(*problem);
  core_ = std::make_unique<Core>(std::move(config), random);
}
Nat::~Nat() = default;
Nat::Nat(Nat&&) noexcept = default;
Nat& Nat::operator=(Nat&&) noexcept = default;

Verdict Nat::handle_packet(Instant now, Side from, MutableBytes packet) {
  return core_->handle_packet(now, from, packet);
}
void Nat::handle_timeout(Instant now) {
  core_->handle_timeout(now);
}
Instant Nat::poll_timeout() const {
  return core_->poll_timeout();
}
std::optional<Command> Nat::poll_command() {
  return core_->poll_command();
}
std::optional<Event> Nat::poll_event() {
  return core_->poll_event();
}
void Nat::set_external(Instant now, std::vector<IpAddress> external) {
  core_->set_external(now, std::move(external));
}
void Nat::flush(Instant now) {
  core_->flush(now);
}
void Nat::set_server_well(Instant now, const TransportAddress& server, bool is_well) {
  core_->set_server_well(now, {server.ip.v4_bits(), server.port}, is_well);
}
bool Nat::restore(Instant now, const SessionInfo& session) {
  return core_->restore(now, session);
}
const Config& Nat::config() const {
  return core_->config();
}
const Counters& Nat::counters() const {
  return core_->counters();
}
std::size_t Nat::mapping_count() const {
  return core_->bindings().mapping_count();
}
std::size_t Nat::session_count() const {
  return core_->bindings().sessions().size();
}

std::string_view name_of(EndReason reason) {
  switch (reason) {
    case EndReason::expired:
      return "expired";
    case EndReason::flushed:
      return "flushed";
    case EndReason::evicted:
      return "evicted";
    case EndReason::address_gone:
      return "address-gone";
    case EndReason::deleted:
      return "deleted";
  }
  return "unknown";
}

void Nat::for_each_session(Instant now,
                           const std::function<void(const SessionInfo&)>& visit) const {
  core_->bindings().sessions().for_each([&](std::uint32_t, const Session& session) {
    SessionInfo info;
    info.protocol = session.protocol;
    info.inside = to_public(session.inside);
    info.external = to_public(session.external);
    info.remote = to_public(session.remote);
    if (session.protocol == Protocol::tcp) info.tcp_state = session.tcp.state();
    info.time_left = std::max(session.deadline - now, Duration::zero());
    info.outbound = session.traffic.of(Side::inside);
    info.inbound = session.traffic.of(Side::outside);
    visit(info);
  });
  if (!core_->config().udp_sessions) core_->for_each_lone_mapping(now, visit);
}

}  // namespace stile::nat
