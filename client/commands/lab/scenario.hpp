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
  enum class Kind { none, stile_nat, nftables, personality } kind = Kind::none;
  sim::NatBehavior behavior{};   ///< for stile_nat
  std::string personality = {};  ///< the name of one, for `stile-nat --like`

  bool has_theory() const { return kind != Kind::personality; }
  /// `none`, `nftables`, a behaviour such as `EIM/APDF`, or `like:NAME`.
  static std::optional<Gateway> parse(std::string_view text);
  std::string to_string() const;
  /// The mapping and filtering that theory reckons with. The kernel's masquerade keeps a flow's
  /// port for every destination as long as nobody else has it, and lets in only what was asked:
  /// EIM/APDF for one user. A personality is more than these two and has none.
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

/// What RFC 4787 behaviour alone says of the pair; nothing where a NAT is more than that.
std::optional<Path> theory(const Scenario& scenario);
/// Whether they met as they should.
bool is_right(const Scenario& scenario, Path path);

/// The pairs of `stile lab tour`: each shows a different thing.
std::vector<Scenario> tour();

}  // namespace stile::lab
