// The program `stile-server`: reads its options, opens its sockets, and runs one worker on each thread until a signal.

#include <fmt/format.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <thread>

#include "server/core/resources.hpp"
#include "server/import/coturn_import.hpp"
#include "server/shell/ask_workers.hpp"
#include "server/shell/certificates.hpp"
#include "server/shell/clock.hpp"
#include "server/shell/control.hpp"
#include "server/shell/control_command.hpp"
#include "server/shell/options.hpp"
#include "server/shell/refusals.hpp"
#include "server/shell/start.hpp"
#include "server/shell/start_error.hpp"
#include "server/store/user_command.hpp"
#include "stile/base/random.hpp"

namespace {

using namespace stile;
using namespace stile::server;

/// Each allocation is a socket: take as many descriptors as the system lets us have.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string json_list(const std::vector<TransportAddress>& addresses) {
  std::string list;
  for (const TransportAddress& address : addresses) list += (list.empty() ? "\"" : ",\"") + address.to_string() + "\"";
  return "[" + list + "]";
}

void print_ready(const Options& options) {
  fmt::print("{{\"ready\":true,\"listen\":{},\"listen_tls\":{}}}\n", json_list(options.listen),
             json_list(options.listen_tls));
  std::fflush(stdout);
}

void say(Log& log, LogLevel level, std::string_view event, std::string_view message) {
  log.write(steady_now(), level, event, {{"message", message}});
}

void tell(Refusals& refusals, const Shared& shared) {
  const auto counters = ask_workers(shared.inboxes, [](Worker& worker) { return worker.counters(); });
  if (!counters) return;
  ServerCounters all;
  for (const ServerCounters& each : *counters) all += each;
  refusals.tell(steady_now(), all.relay, *shared.log);
}

constexpr timespec certificate_check_interval{1, 0};

bool signalled_within(const sigset_t& signals, const timespec& time) {
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

int serve(Options options) {
  SystemRandom random;
  random.fill(options.relay.nonce_key);

  // Blocked before the first thread, so that only sigwait() below takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  std::optional<Certificates> certificates;
  if (options.certificate) certificates.emplace(*options.certificate);
  auto listeners = open_listeners(options.all_listeners(), options.threads);
  require_relay_addresses(options.relay.relay_addresses);
  const auto log = std::make_shared<Log>(options.log);
  const auto config = std::make_shared<const relay::Config>(options.relay);
  const Shared shared{config, std::make_shared<relay::Resources>(*config), client_limits(options),
                      certificates ? &*certificates : nullptr, options.balancers, open_inboxes(options.threads), log};
  const auto control = open_control(options.control, shared.inboxes, *log);
  const Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  std::atomic<bool> stop = false;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < options.threads; ++i)
    threads.emplace_back([&, i, mine = std::move(listeners[i])]() mutable {
      Worker(shared, std::move(mine), i).run(wake.fd(), stop);
    });

  if (!options.relay.serves_relays())
    say(*log, LogLevel::warning, "stun-only", "no --user, --users or --auth-secret: answering STUN only, relaying for nobody");
  print_ready(options);
  Refusals refusals(steady_now());
  while (!signalled_within(signals, certificate_check_interval)) {
    if (const auto line = certificates ? certificates->reload_if_changed() : std::nullopt)
      say(*log, LogLevel::info, "certificate", *line);
    if (refusals.is_due(steady_now())) tell(refusals, shared);
    log->flush(steady_now());
  }
  stop = true;
  const std::uint64_t one = 1;
  return write(wake.fd(), &one, sizeof one) == sizeof one ? 0 : 1;
}

/// What serve() would read is read, and nothing opened.
int check(const Options& options) {
  try {
    if (options.certificate) Certificates{*options.certificate};
  } catch (const StartError& error) {
    throw StartError(placed(options.settings, error.what()));
  }
  fmt::print("ok\n");
  return 0;
}

int run(const Options& options) { return options.check_only ? check(options) : serve(options); }

int run(const Print& print) {
  fmt::print("{}", print.text);
  return 0;
}

int run(const ImportCoturn& import) {
  std::ifstream file(import.file);
  if (!file) throw StartError(fmt::format("{}: {}; give --import-coturn a turnserver.conf", import.file, std::strerror(errno)));
  const CoturnImport result = import_coturn(CoturnFile(file));
  for (const auto& [line, text] : result.remarks) fmt::print(stderr, "{}:{}: {}\n", import.file, line, text);
  fmt::print("{}", result.toml);
  return 0;
}

int complain(const StartError& error, int status) {
  fmt::print(stderr, "stile-server: {}\n", error.what());
  return status;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view command = count > 1 ? arguments[1] : "";
  if (command == "user") return run_user_command(count - 1, arguments + 1);
  if (command == "ctl") return run_control_command(count - 1, arguments + 1);
  raise_descriptor_limit();
  try {
    return std::visit([](const auto& wanted) { return run(wanted); }, read_options(count, arguments));
  } catch (const UsageError& error) {
    return complain(error, 2);
  } catch (const StartError& error) {
    return complain(error, 1);
  }
}
