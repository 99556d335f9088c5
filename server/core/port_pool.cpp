#include "server/core/port_pool.hpp"

#include <cassert>

namespace stile::relay {

namespace {
constexpr unsigned random_draws = 16;  ///< before the range is searched from end to end
}

PortPool::PortPool(PortRange range, Duration quarantine)
    : first_(range.first),
      quarantine_(quarantine),
      ports_(range.last < range.first ? 0u : range.last - range.first + 1u) {}

std::optional<std::uint16_t> PortPool::take(Instant now, Random& random, PortWish wish,
                                            std::string_view user) {
  const auto count = static_cast<std::uint32_t>(ports_.size());
  if (count == 0) return std::nullopt;
  const std::size_t name = std::hash<std::string_view>{}(user);
  std::uint32_t offset = random.below(count);
  for (unsigned draw = 1; draw < random_draws && !suits(now, offset, wish, name); ++draw)
    offset = random.below(count);
  for (std::uint32_t step = 0; step < count && !suits(now, offset, wish, name); ++step)
    offset = (offset + 1) % count;
  if (!suits(now, offset, wish, name)) return std::nullopt;
  ports_[offset].taken = true;
  if (wish == PortWish::even_pair) ports_[offset + 1].taken = true;
  return static_cast<std::uint16_t>(first_ + offset);
}

void PortPool::give_back(Instant now, std::uint16_t port, std::string_view user) {
  assert(at(port).taken && "a port is given back once");
  at(port) = {now + quarantine_, std::hash<std::string_view>{}(user), false};
}

bool PortPool::suits(Instant now, std::uint32_t offset, PortWish wish, std::size_t user) const {
  const Port& port = ports_[offset];
  if (port.taken || (port.free_for_all > now && port.last_user != user)) return false;
  if (wish == PortWish::any) return true;
  if ((first_ + offset) % 2 != 0) return false;
  return wish == PortWish::even ||
         (offset + 1 < ports_.size() && suits(now, offset + 1, PortWish::any, user));
}

}  // namespace stile::relay
