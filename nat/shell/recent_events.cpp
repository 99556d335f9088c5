#include "nat/shell/recent_events.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace stile::nat::shell {

std::string RecentEvents::describe_since(std::uint64_t since) const {
  const std::uint64_t oldest = next_ - events_.size();
  const std::uint64_t first = std::clamp(since, oldest, next_);
  std::string list;
  for (std::uint64_t i = first; i < next_; ++i)
    list += (list.empty() ? "" : ",") + events_[static_cast<std::size_t>(i - oldest)];
  return fmt::format(R"({{"next":{},"lost":{},"events":[{}]}})", next_,
                     since < oldest ? oldest - since : 0, list);
}

}  // namespace stile::nat::shell
