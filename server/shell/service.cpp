#include "server/shell/service.hpp"

#include <poll.h>
#include <signal.h>

#include "server/shell/clock.hpp"
#include "server/shell/service_manager.hpp"
#include "server/shell/start.hpp"

namespace stile::server {

namespace {

constexpr int tick_milliseconds = 1000;
constexpr int draining_tick_milliseconds = 50;

std::optional<Certificates> certificates_of(const Options& options) {
  if (!options.certificate) return std::nullopt;
  return std::optional<Certificates>(std::in_place, *options.certificate);
}

std::vector<Listeners> listeners_of(const Options& options) {
  auto listeners = open_listeners(options.all_listeners(), options.threads);
  require_relay_addresses(options.relay.relay_addresses);
  return listeners;
}

}  // namespace

Service::Service(Options options, ReadOptions read_again)
    : Service(std::move(options), std::move(read_again), listeners_of(options)) {}

Service::Service(Options&& options, ReadOptions&& read_again, std::vector<Listeners>&& listeners)
    : options_(std::move(options)),
      read_again_(std::move(read_again)),
      started_(steady_now()),
      certificates_(certificates_of(options_)),
      log_(std::make_shared<Log>(options_.log)),
      resources_(std::make_shared<relay::Resources>(options_.relay)),
      users_stamp_(users_stamp()),
      kernel_(start_kernel_relay()),
      control_(open_control(options_.control, commands(), *log_)),
      workers_(shared(), std::move(listeners)),
      refusals_(started_) {
  answer_in_kernel();
  signal(SIGPIPE, SIG_IGN);
  if (const auto advice = advice_on_buffers()) say(LogLevel::warning, "small-buffers", *advice);
  if (!options_.relay.serves_relays())
    say(LogLevel::warning, "stun-only",
        "no --user, --users, --auth-secret or --oauth-key: answering STUN only, relaying for "
        "nobody");
  if (options_.relay.allow_anonymous)
    say(LogLevel::warning, "open-relay",
        "--allow-anonymous: relaying for everybody, without credentials");
}

Shared Service::shared() {
  return {std::make_shared<const relay::Config>(options_.relay),
          resources_,
          client_limits(options_),
          certificates_ ? &*certificates_ : nullptr,
          options_.balancers,
          open_inboxes(options_.threads),
          log_,
          kernel_.get()};
}

void Service::say(LogLevel level, std::string_view event, std::string_view message) const {
  log_->write(steady_now(), level, event, {{"message", message}});
}

void Service::run() {
  tell_service_manager("READY=1");
  while (!has_ended(steady_now())) {
    wait();
    while (const auto signal = signals_.take()) handle_signal(*signal);
    if (control_) control_->handle_ready();
    tick(steady_now());
  }
  tell_end();
}

void Service::wait() {
  pollfd ready[] = {{signals_.fd(), POLLIN, 0},
                    {control_ ? control_->fd() : -1, POLLIN, 0},
                    {kernel_ ? kernel_->fd() : -1, POLLIN, 0}};
  poll(ready, std::size(ready), ends_at_ ? draining_tick_milliseconds : tick_milliseconds);
}

void Service::handle_signal(int signal) {
  if (signal == SIGHUP) return reload_by_signal();
  if (ends_at_)
    ends_at_ = steady_now();  // whoever says it twice does not want to wait
  else
    drain(options_.drain_timeout);
}

void Service::tick(Instant now) {
  if (const auto line = certificates_ ? certificates_->reload_if_changed() : std::nullopt)
    say(LogLevel::info, "certificate", *line);
  reload_users_if_changed();
  if (kernel_) look_at_kernel(now);
  if (refusals_.is_due(now))
    if (const auto all = counters()) refusals_.tell(now, all->relay, *log_);
  log_->flush(now);
}

}  // namespace stile::server
