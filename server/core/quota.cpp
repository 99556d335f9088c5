#include "server/core/quota.hpp"

#include <cassert>

namespace stile::relay {

bool Quota::take(const QuotaHolder& holder, std::size_t units) {
  if (!has_room_for(holder, units)) return false;
  add(holder, units);
  return true;
}

bool Quota::has_room_for(const QuotaHolder& holder, std::size_t units) const {
  const auto user = held_by_user_.find(holder.user);
  const auto network = held_by_network_.find(holder.network);
  const std::size_t of_user = user == held_by_user_.end() ? 0 : user->second.units;
  const std::size_t of_network = network == held_by_network_.end() ? 0 : network->second;
  const auto fits = [&](std::size_t held, std::size_t limit) {
    return limit == 0 || held + units <= limit;
  };
  return fits(of_user, limits_.per_user) && fits(of_network, limits_.per_network) &&
         fits(held_, limits_.total);
}

void Quota::add(const QuotaHolder& holder, std::size_t units) {
  held_by_user_[std::string(holder.user)].units += units;
  held_by_network_[holder.network] += units;
  held_ += units;
}

void Quota::give_back(const QuotaHolder& holder, std::size_t units) {
  const auto user = held_by_user_.find(holder.user);
  assert(user != held_by_user_.end() && user->second.units >= units && "it was taken before");
  if ((user->second.units -= units) == 0) held_by_user_.erase(user);
  const auto network = held_by_network_.find(holder.network);
  if ((network->second -= units) == 0) held_by_network_.erase(network);
  held_ -= units;
}

/// Added first, so that a user who only goes from one network to another is not forgotten between.
bool Quota::pass_on(const QuotaHolder& from, const QuotaHolder& to) {
  add(to, 1);
  give_back(from, 1);
  if (has_room_for(to, 0)) return true;
  add(from, 1);
  give_back(to, 1);
  return false;
}

Bandwidth& Quota::bandwidth_of(std::string_view user) {
  return held_by_user_.find(user)->second.bandwidth;
}

}  // namespace stile::relay
