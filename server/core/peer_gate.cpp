#include "server/core/peer_gate.hpp"

#include <algorithm>

#include "server/core/special_purpose.hpp"
#include "stile/base/embedded_address.hpp"

namespace stile::relay {

PeerGate::PeerGate(const Config& config)
    : own_(config.own_addresses), relay_ports_(config.relay_ports) {
  for (const std::string_view text : special_purpose_prefixes())
    if (const auto prefix = IpPrefix::parse(text))
      rules_.push_back({*prefix, Origin::special_purpose});
  if (const auto prefix = IpPrefix::parse(translation_prefix))
    rules_.push_back({*prefix, Origin::translation});
  for (const IpPrefix& prefix : config.peers.allow) rules_.push_back({prefix, Origin::allow});
  for (const IpPrefix& prefix : config.peers.deny) rules_.push_back({prefix, Origin::deny});

  // A listener behind a 1:1 NAT is reached by its external address too.
  for (const TransportAddress& own : config.own_addresses)
    for (const ExternalAddress& nat : config.external_addresses)
      if (nat.internal ? *nat.internal == own.ip : nat.external.family() == own.family())
        own_.push_back({nat.external, own.port});

  for (const TransportAddress& own : own_) add_own(own.ip);
  for (const IpAddress& relay : config.relay_addresses) add_own(relay);
  for (const ExternalAddress& nat : config.external_addresses) add_own(nat.external);
  for (const IpAddress& other : config.machine_addresses) close_unless_known(other);
}

/// Nobody is relayed at such an address.
void PeerGate::close_unless_known(const IpAddress& address) {
  const bool known = std::ranges::find(relay_ports_only_, address) != relay_ports_only_.end();
  if (known || is_opened(address)) return;
  rules_.push_back({IpPrefix(address, address.is_v4() ? 32 : 128), Origin::special_purpose});
}

bool PeerGate::is_opened(const IpAddress& address) const {
  const Rule* const rule = decisive(address);
  return rule && rule->origin == Origin::allow;
}

void PeerGate::add_own(const IpAddress& address) {
  const bool known = std::ranges::find(relay_ports_only_, address) != relay_ports_only_.end();
  if (!known && !is_opened(address)) relay_ports_only_.push_back(address);
}

bool PeerGate::admits(const IpAddress& peer) const {
  if (peer.is_unspecified() || peer.is_multicast() || peer == IpAddress::v4(0xffffffff))
    return false;
  if (!allowed(peer)) return false;
  const auto embedded = embedded_ipv4(peer);
  return !embedded || allowed(*embedded);
}

bool PeerGate::admits_endpoint(const TransportAddress& peer) const {
  if (!endpoint_allowed(peer)) return false;
  const auto embedded = embedded_ipv4(peer.ip);
  return !embedded || endpoint_allowed({*embedded, peer.port});
}

bool PeerGate::endpoint_allowed(const TransportAddress& peer) const {
  if (peer.port == 0 || std::ranges::find(own_, peer) != own_.end()) return false;
  const bool is_relay = relay_ports_.first <= peer.port && peer.port <= relay_ports_.last;
  return is_relay || std::ranges::find(relay_ports_only_, peer.ip) == relay_ports_only_.end();
}

bool PeerGate::allowed(const IpAddress& address) const {
  const Rule* const best = decisive(address);
  return !best || best->origin == Origin::allow || best->origin == Origin::translation;
}

const PeerGate::Rule* PeerGate::decisive(const IpAddress& address) const {
  const Rule* best = nullptr;
  for (const Rule& rule : rules_) {
    if (!rule.prefix.contains(address)) continue;
    if (best && rule.prefix.length() < best->prefix.length()) continue;
    if (best && rule.prefix.length() == best->prefix.length() && rule.origin < best->origin)
      continue;
    best = &rule;
  }
  return best;
}

}  // namespace stile::relay
