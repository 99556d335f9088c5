#pragma once

#include <string>
#include <vector>

#include "stile/base/address.hpp"

namespace stile::nat_test {

/// `stile nat-test agent`: the end of a test that is outside of the NAT.
struct AgentOptions {
  std::vector<IpAddress> addresses;  ///< two of this machine's
  TransportAddress listen;
  std::string token;              ///< who does not know it is not served
  std::vector<IpPrefix> allowed;  ///< may be sent to beside the address that a client comes from
};

/// Serves one client after another, until it is killed. Throws CommandError.
int run_agent(const AgentOptions& options);

}  // namespace stile::nat_test
