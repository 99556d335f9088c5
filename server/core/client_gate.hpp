#pragma once

#include <vector>

#include "server/core/config.hpp"

namespace stile::relay {

/// Who is served at all: everybody but those whom an operator has denied.
class ClientGate {
 public:
  explicit ClientGate(const ClientRules& rules);
  bool admits(const IpAddress& client) const { return rules_.empty() || !is_denied(client); }

 private:
  struct Rule {
    IpPrefix prefix;
    bool denies;
  };
  bool is_denied(const IpAddress& client) const;

  std::vector<Rule> rules_;  ///< the first that contains an address decides
};

}  // namespace stile::relay
