#include "c/session.hpp"

#include <algorithm>
#include <climits>
#include <cstring>

#include "stile/asio/clock.hpp"

namespace {

constexpr std::size_t max_events =
    4096;  ///< Limit: events that nobody takes; the oldest data goes first

constexpr int time_between_looks = 10;  ///< milliseconds, where there is no descriptor to wait on

}  // namespace

stile_session::stile_session(stile::ice::Config config, const stile::TlsTrust& trust,
                             const std::optional<stile::Proxy>& proxy, stile::InterfaceFilter with)
    : filter(std::move(with)),
      session(context.get_executor(), std::move(config), callbacks(), trust, proxy) {
  session.watch_descriptors([this](int descriptor) { descriptors.add(descriptor); });
}

stile_session::~stile_session() {
  session.close();
  context.restart();
  context.poll();  // what connections still have to write
}

int stile_session::timeout() const {
  if (!events.empty()) return 0;
  const int longest = descriptors.descriptor() < 0 ? time_between_looks : INT_MAX;
  const stile::Instant wanted = session.deadline();
  if (wanted == stile::never) return longest == INT_MAX ? -1 : longest;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(wanted - stile::instant_now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, longest));
}

void stile_session::process() {
  descriptors.clear();
  context.restart();
  context.poll();
}

stile::ice::Session::Callbacks stile_session::callbacks() {
  const auto push = [this](Event event) {
    if (events.size() >= max_events) events.pop_front();
    events.push_back(std::move(event));
  };
  stile::ice::Session::Callbacks callbacks;
  callbacks.on_candidate = [this, push](const stile::ice::Candidate& candidate) {
    candidates.push_back(candidate);
    push({.type = STILE_EVENT_CANDIDATE, .text = candidate.to_string()});
  };
  callbacks.on_gathering_done = [this, push] {
    gathered = true;
    push({.type = STILE_EVENT_GATHERED});
  };
  callbacks.on_state = [push](stile::ice::State state, const std::string& reason) {
    push({.type = STILE_EVENT_STATE, .state = static_cast<stile_state>(state), .text = reason});
  };
  callbacks.on_selected = [push](const stile::ice::PairSelected& pair) {
    push({.type = STILE_EVENT_SELECTED,
          .component = pair.component.component,
          .text = pair.local.to_string(),
          .remote_text = pair.remote.to_string()});
  };
  callbacks.on_server_failed = [push](const stile::ice::ServerFailed& failed) {
    push({.type = STILE_EVENT_SERVER_FAILED, .text = failed.name() + ": " + failed.reason});
  };
  callbacks.on_path_health = [push](const stile::ice::PathHealthChanged& changed) {
    push({.type = STILE_EVENT_PATH_HEALTH,
          .component = changed.component.component,
          .text = std::string(to_string(changed.health)),
          .degraded = changed.health == stile::ice::PathHealth::degraded,
          .lost = changed.lost,
          .round_trip_time = std::chrono::duration<double>(changed.round_trip_time).count()});
  };
  callbacks.on_restart_needed = [push](const stile::ice::RestartNeeded& needed) {
    push({.type = STILE_EVENT_RESTART_NEEDED, .text = needed.reason});
  };
  callbacks.on_data = [push](stile::ice::ComponentId component, stile::Bytes data) {
    push(
        {.type = STILE_EVENT_DATA, .component = component.component, .data = stile::copy_of(data)});
  };
  return callbacks;
}

bool stile_session::take(stile_event& event) {
  if (events.empty()) return false;
  told = std::move(events.front());
  events.pop_front();
  const stile_event whole{event.struct_size, told.type,           told.state,
                          told.component,    told.text.c_str(),   told.remote_text.c_str(),
                          told.data.data(),  told.data.size(),    told.degraded,
                          told.lost,         told.round_trip_time};
  // The caller's version of it may end earlier.
  std::memcpy(&event, &whole, std::min(event.struct_size, sizeof whole));
  return true;
}
