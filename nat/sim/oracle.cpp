#include "nat/sim/oracle.hpp"

#include <map>
#include <set>

namespace stile::sim {

namespace {

using nat::Behavior;

/// An external endpoint in the abstract: whose it is, and which of its ports. The server is
/// nobody's.
struct Endpoint {
  int owner = 0;
  int port = 0;
  friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};
constexpr Endpoint server{-1, 0};

/// What of `remote` a behaviour looks at.
Endpoint seen_by(Behavior behavior, const Endpoint& remote) {
  switch (behavior) {
    case Behavior::endpoint_independent:
      return {};
    case Behavior::address_dependent:
      return {remote.owner, 0};
    case Behavior::address_and_port_dependent:
      return remote;
  }
  return {};
}

/// One peer behind its NAT, by the definitions.
class Side {
 public:
  Side(int owner, const NatBehavior& behavior) : owner_(owner), behavior_(behavior) {
    send(server);
  }

  /// Sends to `remote`: where it appears to come from.
  Endpoint send(const Endpoint& remote) {
    const auto mapping = mappings_.try_emplace(seen_by(behavior_.mapping, remote),
                                               static_cast<int>(mappings_.size()));
    const Endpoint external{owner_, mapping.first->second};
    opened_.insert({external.port, seen_by(behavior_.filtering, remote)});
    return external;
  }

  bool accepts(const Endpoint& external, const Endpoint& from) const {
    return opened_.contains({external.port, seen_by(behavior_.filtering, from)});
  }

 private:
  int owner_;
  NatBehavior behavior_;
  std::map<Endpoint, int> mappings_;           ///< what the mapping depends on, and its port
  std::set<std::pair<int, Endpoint>> opened_;  ///< at which port, for whom
};

/// Endpoint-independent filters were opened for Endpoint{}, which seen_by() gives for everybody,
/// too.
bool check(Side& from, Side& to, const Endpoint& target, std::set<Endpoint>& learnt) {
  const Endpoint source = from.send(target);
  if (!to.accepts(target, source)) return false;
  learnt.insert(source);
  const Endpoint answer = to.send(source);
  return answer == target && from.accepts(source, answer);
}

/// With ports that change for each destination, peers may go on learning endpoints that are of no
/// use any more.
constexpr int rounds = 6;

bool direct_works(const NatBehavior& a, const NatBehavior& b) {
  Side sides[] = {{0, a}, {1, b}};
  std::set<Endpoint> known[] = {{{1, 0}}, {{0, 0}}};
  for (int round = 0; round < rounds; ++round) {
    for (const int i : {0, 1}) {
      const std::set<Endpoint> targets = known[i];
      for (const Endpoint& target : targets)
        if (check(sides[i], sides[1 - i], target, known[1 - i])) return true;
    }
  }
  return false;
}

}  // namespace

std::string_view to_string(Path path) {
  switch (path) {
    case Path::direct:
      return "direct";
    case Path::relay:
      return "relay";
    case Path::none:
      return "none";
  }
  return "";
}

Path expected_path(const NatBehavior& a, const NatBehavior& b, bool relay) {
  if (direct_works(a, b)) return Path::direct;
  return relay ? Path::relay : Path::none;
}

Path expected_path_by_guessing(const NatBehavior& a, const NatBehavior& b, bool relay) {
  const bool one_is_known =
      a.mapping == Behavior::endpoint_independent || b.mapping == Behavior::endpoint_independent;
  return one_is_known ? Path::direct : expected_path(a, b, relay);
}

}  // namespace stile::sim
