#include "server/core/client_gate.hpp"

#include <algorithm>

namespace stile::relay {

ClientGate::ClientGate(const ClientRules& rules) {
  for (const IpPrefix& prefix : rules.deny) rules_.push_back({prefix, true});
  for (const IpPrefix& prefix : rules.allow) rules_.push_back({prefix, false});
  std::ranges::stable_sort(rules_, std::ranges::greater{},
                           [](const Rule& rule) { return rule.prefix.length(); });
}

bool ClientGate::is_denied(const IpAddress& client) const {
  const auto rule =
      std::ranges::find_if(rules_, [&](const Rule& each) { return each.prefix.contains(client); });
  return rule != rules_.end() && rule->denies;
}

}  // namespace stile::relay
