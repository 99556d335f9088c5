#include "server/shell/control_allocations.hpp"

#include <fmt/format.h>

#include <numeric>

#include "control/error.hpp"
#include "server/shell/control_reports.hpp"

namespace stile::server {

namespace {

TransportAddress relayed_address(std::string_view text) {
  if (const auto parsed = TransportAddress::parse(text)) return *parsed;
  throw control::Error(fmt::format("'{}' is no ADDR:PORT; see stile-server ctl list", text));
}

template <class Answers>
auto all_of(std::optional<Answers>&& answers) {
  if (!answers) throw control::Error("a worker does not answer; try again");
  return *std::move(answers);
}

std::vector<AllocationReport> allocations(const Workers& workers) {
  std::vector<AllocationReport> all;
  for (auto& part : all_of(workers.ask([](Worker& worker) { return worker.allocations(); })))
    std::ranges::move(part, std::back_inserter(all));
  return all;
}

std::string show(const Workers& workers, const TransportAddress& relayed) {
  for (const AllocationReport& report : allocations(workers))
    if (report.has(relayed)) return describe_allocation(report);
  throw control::Error("there is no allocation at " + relayed.to_string());
}

std::string close(const Workers& workers, const TransportAddress& relayed) {
  for (const bool closed :
       all_of(workers.ask([relayed](Worker& worker) { return worker.close(relayed); })))
    if (closed) return describe_closed(relayed.to_string());
  throw control::Error("there is no allocation at " + relayed.to_string());
}

std::string close_user(const Workers& workers, const std::string& user) {
  const auto closed =
      all_of(workers.ask([user](Worker& worker) { return worker.close_user(user); }));
  const std::size_t count = std::accumulate(closed.begin(), closed.end(), std::size_t{0});
  if (count == 0) throw control::Error(fmt::format("user '{}' has no allocation", user));
  return describe_closed(count);
}

}  // namespace

Control::Commands allocation_commands(const Workers& workers) {
  return {
      {"list", [&](std::string_view) { return describe_allocations(allocations(workers)); }},
      {"show", [&](std::string_view relayed) { return show(workers, relayed_address(relayed)); }},
      {"close", [&](std::string_view relayed) { return close(workers, relayed_address(relayed)); }},
      {"close-user", [&](std::string_view user) { return close_user(workers, std::string(user)); }},
  };
}

}  // namespace stile::server
