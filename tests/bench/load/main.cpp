// Loads a TURN server, or what stands in its place, and prints what came of it as one JSON object.
// tests/bench/relay.sh runs it.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "tests/bench/load/forward.hpp"
#include "tests/bench/load/requests.hpp"

namespace stile::bench {

namespace {

/// A socket for each client.
void raise_descriptor_limit() {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

TransportAddress address(const std::string& text) {
  const auto parsed = TransportAddress::parse(text);
  if (!parsed) throw std::runtime_error("not an address with a port: " + text);
  return *parsed;
}

void print(Result result, double seconds) {
  fmt::print(
      "{{\"sent\":{},\"legs\":{},\"legs_per_second\":{:.0f},\"cpu_us\":{:.3f},\"whole_us\":{:.3f},"
      "\"cpu_share\":{:.3f},"
      "\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"others_sent\":{},\"others_legs\":{}}}\n",
      result.sent, result.legs, static_cast<double>(result.legs_in_time) / seconds,
      result.legs ? result.cpu_seconds * 1e6 / static_cast<double>(result.legs) : 0,
      result.legs
          ? (result.cpu_seconds + result.load_seconds) * 1e6 / static_cast<double>(result.legs)
          : 0,
      result.cpu_seconds / seconds, result.delays.microseconds_at(0.5),
      result.delays.microseconds_at(0.99), result.others_sent, result.others_legs);
}

void print(const RequestCost& cost) {
  const auto answers = static_cast<double>(cost.answers);
  fmt::print(
      "{{\"answers\":{},\"per_second\":{:.0f},\"cpu_us\":{:.3f},\"whole_us\":{:.3f},\"bytes\":{:."
      "0f}}}\n",
      cost.answers, answers / cost.seconds, cost.cpu_seconds * 1e6 / answers,
      (cost.cpu_seconds + cost.load_seconds) * 1e6 / answers,
      static_cast<double>(cost.resident_bytes) / answers);
}

int run(int argc, char** argv) {
  CLI::App app("the load of ./dev bench relay");
  app.require_subcommand(1);
  Plan plan;
  std::string server, client, peer;
  unsigned count = 1000;
  app.add_option("--server", server)->required();
  app.add_option("--client", client)->default_str("0.0.0.0:0");
  app.add_option("--peer", peer)->required();
  app.add_option("--user", plan.account.user);
  app.add_option("--password", plan.account.password);
  app.add_option("--pid", plan.pid);
  app.add_option("--clients", plan.clients)->check(CLI::Range(1, 4096));
  app.add_option("--bytes", plan.bytes)->check(CLI::Range(12, 1400));
  app.add_option("--rate", plan.legs_per_second);
  app.add_option("--burst", plan.burst)->check(CLI::Range(1, 64));
  app.add_flag("--joined", plan.joined);
  app.add_flag("--flooder", plan.flooder);
  app.add_option("--seconds", plan.seconds);
  app.add_option("--count", count);
  const auto* relay = app.add_subcommand("relay")->fallthrough();
  const auto* through_forwarder = app.add_subcommand("forwarded")->fallthrough();
  const auto* direct = app.add_subcommand("direct")->fallthrough();
  const auto* allocations = app.add_subcommand("allocate")->fallthrough();
  const auto* idle = app.add_subcommand("idle")->fallthrough();
  const auto* bindings = app.add_subcommand("binding")->fallthrough();
  app.add_subcommand("forward")->fallthrough();
  CLI11_PARSE(app, argc, argv);
  plan.server = address(server);
  plan.client = address(client);
  plan.peer = address(peer);
  if (*relay || *through_forwarder || *direct) {
    plan.carrier = *relay ? Carrier::relay : *direct ? Carrier::nobody : Carrier::forwarder;
    print(Traffic(plan).run(), plan.seconds);
  } else if (*allocations || *idle) {
    print(allocate(plan, count, static_cast<bool>(*idle)));
  } else if (*bindings) {
    print(binding(plan, count));
  } else {
    forward(plan.server, plan.peer, plan.clients);
  }
  return 0;
}

}  // namespace

}  // namespace stile::bench

int main(int argc, char** argv) {
  try {
    stile::bench::raise_descriptor_limit();
    return stile::bench::run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "load: {}\n", error.what());
    return 1;
  }
}
