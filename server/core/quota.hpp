#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "server/core/bandwidth.hpp"
#include "stile/base/address.hpp"

namespace stile::relay {

/// Whom an allocation counts against.
struct QuotaHolder {
  std::string_view user;
  IpAddress network;  ///< network_of() the client when the allocation was made
};

/// RFC 8656 §7.2 check 10: how many allocations a user may have, by name and not by address; and,
/// since who can get names for the asking (TURN REST) is bounded by that in nothing, how many the
/// clients of one network may have. A reserved port counts as one, or a user could tie up ports by
/// making and deleting allocations. Holders without any are forgotten.
class Quota {
 public:
  /// 0 is no limit.
  struct Limits {
    std::size_t per_user = 0;
    std::size_t per_network = 0;
    std::size_t total = 0;
  };
  explicit Quota(const Limits& limits) : limits_(limits) {}

  /// What is held stays held; who has more than he may have now gets no more.
  void set_limits(const Limits& limits) { limits_ = limits; }

  /// Takes `units` for the holder, all or none.
  bool take(const QuotaHolder& holder, std::size_t units);
  void give_back(const QuotaHolder& holder, std::size_t units);
  /// One unit goes over from one holder to another, or stays where it is.
  bool pass_on(const QuotaHolder& from, const QuotaHolder& to);
  std::size_t held() const { return held_; }
  /// There is no room for `units` more, whoever asks.
  bool is_full(std::size_t units) const {
    return limits_.total != 0 && held_ + units > limits_.total;
  }

  /// What the user's allocations share. Of a user who holds something; it stays where it is as long
  /// as he does.
  Bandwidth& bandwidth_of(std::string_view user);

 private:
  struct User {
    std::size_t units = 0;
    Bandwidth bandwidth;
  };
  bool has_room_for(const QuotaHolder& holder, std::size_t units) const;
  void add(const QuotaHolder& holder, std::size_t units);

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  Limits limits_;
  std::size_t held_ = 0;
  std::unordered_map<std::string, User, Hash, std::equal_to<>> held_by_user_;
  std::unordered_map<IpAddress, std::size_t> held_by_network_;
};

}  // namespace stile::relay
