#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "stile/base/address.hpp"

namespace stile::server {

/// Bounds how many connections there are, in all and from each source prefix (/24 of IPv4, /56 of
/// IPv6). Room for a new one is made at the cost of the oldest that has yet to prove itself:
/// whoever opens connections and says nothing keeps nobody out for long.
class Admission {
 public:
  using Slot = std::uint32_t;  ///< small and reused, chosen by the owner

  struct Limits {
    std::size_t all;
    std::size_t per_prefix;
    friend bool operator==(const Limits&, const Limits&) = default;
  };
  struct Verdict {
    bool admitted;
    std::optional<Slot> evicted;  ///< has left already; its connection is to be closed
  };

  explicit Admission(Limits limits) : limits_(limits) {}

  Verdict admit(Slot slot, const IpAddress& source);
  /// From now on it does not make room for others.
  void prove(Slot slot);
  /// It ends; nothing if it is not here.
  void leave(Slot slot);

  std::size_t size() const { return size_; }

 private:
  static constexpr Slot none = ~Slot{0};
  enum class State : std::uint8_t { absent, unproven, proven };
  struct Entry {
    IpAddress prefix;
    State state = State::absent;
    Slot older = none, newer = none;  ///< among the unproven
  };

  std::optional<Slot> oldest_unproven(const IpAddress* prefix) const;
  void unlink(Slot slot);

  Limits limits_;
  std::vector<Entry> entries_;  ///< by slot
  std::unordered_map<IpAddress, std::size_t> of_prefix_;
  Slot oldest_ = none, newest_ = none;
  std::size_t size_ = 0;
};

}  // namespace stile::server
