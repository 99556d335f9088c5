#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nat/core/config.hpp"

namespace stile::sim {

/// A NAT's behaviour in the two words of RFC 4787: mapping (§4.1) and filtering (§5).
struct NatBehavior {
  nat::Behavior mapping = nat::Behavior::endpoint_independent;
  nat::Behavior filtering = nat::Behavior::endpoint_independent;
  friend bool operator==(const NatBehavior&, const NatBehavior&) = default;
};

/// `EIM/EIF`, `EIM/ADF`, `ADM/APDF`, ...: EI, AD or APD, with M and F.
std::string to_string(const NatBehavior& behavior);
std::optional<NatBehavior> parse_behavior(std::string_view text);
/// As stile-nat's flags take them: `endpoint-independent` and so on.
std::pair<std::string, std::string> flag_names(const NatBehavior& behavior);
/// `preserve`, `sequential`, `random` or `block`, as stile-nat's --ports has them.
std::string to_string(nat::PortAssignment ports);
std::optional<nat::PortAssignment> parse_port_assignment(std::string_view text);
/// `external`, `internal` or `off`, as stile-nat's --hairpin has them.
std::string to_string(nat::Hairpin hairpin);
std::optional<nat::Hairpin> parse_hairpin(std::string_view text);
/// All nine, mapping by mapping.
std::vector<NatBehavior> all_behaviors();

}  // namespace stile::sim
