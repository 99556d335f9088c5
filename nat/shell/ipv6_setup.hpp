#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nat/shell/interface.hpp"
#include "nat/shell/kernel_fence.hpp"
#include "nat/shell/options.hpp"
#include "nat/shell/translator.hpp"

namespace stile::nat::shell {

/// One side of a translator that has IPv6 on one of them.
struct Ipv6Realm {
  Interface interface;
  Family family = Family::ipv6;
  std::vector<IpAddress> left_to_kernel;  ///< IPv4: destinations that the kernel answers for
};

/// The options put together with what the interfaces say.
struct Ipv6Setup {
  Ipv6Realm inside;
  Ipv6Realm outside;
  std::unique_ptr<Translator> translator;
  std::vector<FencedInterface> fenced_ipv4;
  std::vector<FencedPrefix> fenced_ipv6;
  std::vector<IpAddress> proxied;  ///< IPv4 addresses outside that no interface has
  std::string description;         ///< of what is translated to what, as JSON
};

/// Whether the options ask for one of them: NAT64, CLAT, NPTv6 or the firewall.
bool has_ipv6(const RunOptions& options);
/// Throws Problem, UsageProblem.
Ipv6Setup make_ipv6_setup(const RunOptions& options, Random& random);

}  // namespace stile::nat::shell
