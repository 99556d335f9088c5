#include "nat/shell/nat44_translator.hpp"

#include "nat/portmap/server.hpp"
#include "nat/shell/problem.hpp"
#include "nat/shell/reports.hpp"

namespace stile::nat::shell {

std::vector<Service*> Nat44Translator::start_services(Instant now) {
  const PortMappingOptions& wanted = options_.port_mapping;
  const Interface& inside = setup_.placement.inside.interface;
  std::vector<Service*> started;
  // What asks at a TUN device's address asks the NAT, not this machine.
  if (!options_.tun.name.empty()) return started;
  if (wanted.servers.pcp || wanted.servers.nat_pmp)
    started.push_back(&port_control_.emplace(
        inside, inside.addresses.front(), "PCP and NAT-PMP (or give --no-pcp --no-nat-pmp)",
        std::make_unique<portmap::Server>(wanted.servers, nat_, now)));
  if (wanted.upnp)
    started.push_back(
        &upnp_.emplace(inside, wanted.upnp_port, !wanted.upnp_for_others, nat_, random_, now));
  if (!setup_.nat.balancers.empty() && options_.health_interval != Duration::zero())
    started.push_back(
        &health_.emplace(setup_.nat.balancers, options_.health_interval,
                         [this](Instant when, const TransportAddress& server, bool is_well) {
                           nat_.set_server_well(when, server, is_well);
                         }));
  return started;
}

/// Masquerade: the external addresses are those that the outside interface has now, unless they
/// were given. Links may change their MTU as well (RFC 4787 REQ-13).
std::optional<Placement> Nat44Translator::follow_interfaces(Instant now) {
  setup_ = make_nat44_setup_again(options_);
  nat_.set_mtus(setup_.nat.inside_mtu, setup_.nat.outside_mtu);
  if (setup_.nat.external != nat_.config().external) {
    nat_.set_external(now, setup_.nat.external);
    handle_state_loss(now);
  }
  return setup_.placement;
}

void Nat44Translator::reconfigure(Instant now, const RunOptions& options) {
  const Nat44Setup wanted = make_nat44_setup_again(options);
  // While there is no address, nothing that speaks of one is wrong.
  if (!wanted.nat.external.empty())
    if (const auto problem = problem_with(wanted.nat)) throw UsageProblem(*problem);
  options_ = options;
  setup_.nat = wanted.nat;
  nat_.reconfigure(now, wanted.nat);
}

void Nat44Translator::restore(Instant now, const SessionInfo& session) {
  const IpAddress& remote = session.remote.ip;
  if (session.inside.ip.is_v4() && session.external.ip.is_v4() &&
      (remote.is_v4() || remote.is_unspecified()))
    nat_.restore(now, session);
}

void Nat44Translator::restore(Instant now, const SavedMapping& mapping) {
  MapRequest request = mapping.request;
  request.terms.until = now + mapping.time_left;
  if (!request.inside.ip.is_v4() || !request.suggested.ip.is_v4() || request.inside.port == 0)
    return;
  // What cannot be had again is asked for again, or missed.
  static_cast<void>(nat_.map(now, request));
}

std::size_t Nat44Translator::flush(Instant now) {
  const std::size_t mappings = nat_.mapping_count();
  nat_.flush(now);
  handle_state_loss(now);
  return mappings;
}

/// RFC 6887 §8.5: clients are told that their mappings are gone.
void Nat44Translator::handle_state_loss(Instant now) {
  if (port_control_) port_control_->handle_state_loss(now);
}

std::string Nat44Translator::describe_sessions(Instant now) const {
  return shell::describe_sessions(nat_, now);
}

std::string Nat44Translator::describe_counters() const {
  return shell::describe_counters(
      nat_, port_control_ ? std::optional(port_control_->counters()) : std::nullopt,
      upnp_ ? &upnp_->publisher() : nullptr);
}

std::string Nat44Translator::describe_setup() const {
  return shell::describe_setup(setup_.nat, options_);
}

std::string Nat44Translator::describe_purpose() const {
  return shell::describe_external(setup_.nat);
}

}  // namespace stile::nat::shell
