#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

#include "server/shell/inbox.hpp"

namespace stile::server {

/// What each worker answers, asked between two of its wake-ups; nothing if one of them does not
/// answer in time, because it has ended. Not to be called by a worker.
template <class Ask>
auto ask_workers(const std::vector<std::shared_ptr<Inbox>>& inboxes, const Ask& ask) {
  using Answer = std::invoke_result_t<Ask, Worker&>;
  std::vector<std::future<Answer>> pending;
  for (const auto& inbox : inboxes) {
    const auto task = std::make_shared<std::packaged_task<Answer(Worker&)>>(ask);
    pending.push_back(task->get_future());
    inbox->put(Errand{[task](Worker& worker) { (*task)(worker); }});
  }
  std::optional<std::vector<Answer>> answers(std::in_place);
  for (auto& each : pending) {
    if (each.wait_for(std::chrono::seconds(2)) != std::future_status::ready)
      return decltype(answers)();
    answers->push_back(each.get());
  }
  return answers;
}

}  // namespace stile::server
