#include "nat/shell/recent_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

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

std::optional<std::uint64_t> watched_since(std::string_view command, std::uint64_t next) {
  constexpr std::string_view watch = "watch";
  if (command == watch) return next;
  if (!command.starts_with("watch ")) return std::nullopt;
  command.remove_prefix(watch.size() + 1);
  std::uint64_t since = 0;
  const auto [end, error] = std::from_chars(command.data(), command.data() + command.size(), since);
  if (error != std::errc() || end != command.data() + command.size()) return std::nullopt;
  return since;
}

}  // namespace stile::nat::shell
