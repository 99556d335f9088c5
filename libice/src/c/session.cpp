#include "c/session.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <system_error>

#include "stile/asio/clock.hpp"

namespace {

constexpr std::size_t max_events =
    4096;  ///< Limit: events that nobody takes; the oldest data goes first

int open_epoll() {
  const int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  return fd;
}

}  // namespace

stile_session::stile_session(stile::ice::Config config, const stile::TlsTrust& trust,
                             stile::InterfaceFilter with)
    : fd(open_epoll()),
      filter(std::move(with)),
      session(context.get_executor(), std::move(config), callbacks(), trust) {
  session.watch_descriptors([this](int descriptor) { watch(descriptor); });
}

stile_session::~stile_session() {
  session.close();
  context.restart();
  context.poll();  // what connections still have to write
  ::close(fd);
}

/// Edges are enough, since process() does all that can be done; a closed descriptor leaves the set
/// by itself.
void stile_session::watch(int descriptor) const {
  epoll_event interest{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {}};
  epoll_ctl(fd, EPOLL_CTL_ADD, descriptor, &interest);
}

int stile_session::timeout() const {
  if (!events.empty()) return 0;
  const stile::Instant wanted = session.deadline();
  if (wanted == stile::never) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(wanted - stile::instant_now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
}

void stile_session::process() {
  constexpr int room = 16;
  epoll_event seen[room];
  while (epoll_wait(fd, seen, room, 0) == room) {
  }
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
    push({.type = STILE_EVENT_SERVER_FAILED,
          .text = failed.server.to_string() + ": " + failed.reason});
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
  const std::size_t size = event.struct_size;
  event = {size,
           told.type,
           told.state,
           told.component,
           told.text.c_str(),
           told.remote_text.c_str(),
           told.data.data(),
           told.data.size()};
  return true;
}
