#include "server/core/peer_gate.hpp"

#include <algorithm>

#include "server/core/special_purpose.hpp"
#include "stile/base/embedded_address.hpp"

namespace stile::relay {

PeerGate::PeerGate(const Config& config) : own_(config.own_addresses) {
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
}

bool PeerGate::admits(const IpAddress& peer) const {
  if (peer.is_unspecified() || peer.is_multicast() || peer == IpAddress::v4(0xffffffff))
    return false;
  if (!allowed(peer)) return false;
  const auto embedded = embedded_ipv4(peer);
  return !embedded || allowed(*embedded);
}

bool PeerGate::admits_endpoint(const TransportAddress& peer) const {
  return peer.port != 0 && std::ranges::find(own_, peer) == own_.end();
}

bool PeerGate::allowed(const IpAddress& address) const {
  const Rule* best = nullptr;
  for (const Rule& rule : rules_) {
    if (!rule.prefix.contains(address)) continue;
    if (best && rule.prefix.length() < best->prefix.length()) continue;
    if (best && rule.prefix.length() == best->prefix.length() && rule.origin < best->origin)
      continue;
    best = &rule;
  }
  return !best || best->origin == Origin::allow || best->origin == Origin::translation;
}

}  // namespace stile::relay
