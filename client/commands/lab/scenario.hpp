#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nat/sim/oracle.hpp"

namespace stile::lab {

/// What stands between a home and the Internet.
struct Gateway {
  enum class Kind { none, stile_nat, nftables } kind = Kind::none;
  sim::NatBehavior behavior{};  ///< for stile_nat

  /// `none`, `nftables`, or a behaviour such as `EIM/APDF`.
  static std::optional<Gateway> parse(std::string_view text);
  std::string to_string() const;
  /// The mapping and filtering that theory reckons with. The kernel's masquerade keeps a flow's
  /// port for every destination as long as nobody else has it, and lets in only what was asked:
  /// EIM/APDF for one user.
  sim::NatBehavior theory() const;
};

struct Scenario {
  Gateway a, b;
  std::optional<Gateway> carrier;     ///< one carrier NAT (100.64.0.0/10) above both homes
  bool relay = true;                  ///< the server relays
  double loss = 0;                    ///< on each home's gateway, 0-1
  int delay_ms = 0;                   ///< likewise, each way
  std::chrono::seconds patience{20};  ///< how long they may take to meet
};

using sim::Path;
/// How they meet, in words: `directly` and so on.
std::string_view name_of(Path path);

/// What RFC 4787 behaviour alone says of the pair.
Path theory(const Scenario& scenario);

/// The pairs of `stile lab tour`: each shows a different thing.
std::vector<Scenario> tour();

}  // namespace stile::lab
