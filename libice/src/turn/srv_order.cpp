#include "turn/srv_order.hpp"

#include <algorithm>
#include <numeric>

namespace stile::dns {

namespace {

using Iterator = std::vector<Srv>::iterator;

/// RFC 2782, "Weight": a number up to the sum of the weights falls to one of them.
Iterator drawn(Iterator begin, Iterator end, Random& random) {
  const auto sum =
      std::accumulate(begin, end, std::uint32_t{0},
                      [](std::uint32_t so_far, const Srv& each) { return so_far + each.weight; });
  std::uint32_t left = random.below(sum + 1);
  const auto found = std::find_if(begin, end, [&](const Srv& each) {
    if (left <= each.weight) return true;
    left -= each.weight;
    return false;
  });
  return found == end ? begin : found;
}

}  // namespace

void put_in_order(std::vector<Srv>& records, Random& random) {
  // Those of weight 0 first, so that they are drawn at all.
  std::ranges::stable_sort(
      records, {}, [](const Srv& each) { return std::pair(each.priority, each.weight != 0); });
  for (auto next = records.begin(); next != records.end(); ++next) {
    const auto end = std::find_if(next, records.end(),
                                  [&](const Srv& each) { return each.priority != next->priority; });
    const auto first = drawn(next, end, random);
    std::rotate(next, first, first + 1);
  }
}

}  // namespace stile::dns
