#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace stile::nat::shell {

/// The last events, for `stile-nat ctl watch`, which asks for them again and again.
class RecentEvents {
 public:
  void add(std::string event) {
    events_.push_back(std::move(event));
    ++next_;
    if (events_.size() > limit) events_.pop_front();
  }
  /// {"next":N,"lost":M,"events":[...]}: those from `since` on, and the number to ask for next
  /// time.
  std::string describe_since(std::uint64_t since) const;
  std::uint64_t next() const { return next_; }

 private:
  // Limit: a watcher that asks too seldom loses the oldest, and is told how many.
  static constexpr std::size_t limit = 8192;

  std::deque<std::string> events_;
  std::uint64_t next_ = 0;
};

/// `watch N`, or `watch` for `next`; nothing for another command.
std::optional<std::uint64_t> watched_since(std::string_view command, std::uint64_t next);

}  // namespace stile::nat::shell
