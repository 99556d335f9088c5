#include "client/commands/diagnose.hpp"

#include <memory>

#include "client/commands/diagnose/report.hpp"
#include "client/commands/run.hpp"
#include "client/commands/udp_probe.hpp"
#include "stile/discovery/behavior_test.hpp"

namespace stile {

namespace {

using discovery::BehaviorTest;
using discovery::Findings;

struct Options {
  std::string server;
  bool json = false;
};

/// Runs the discovery to its end: a few seconds where packets are filtered, which takes silence to
/// know.
Findings discover(const TransportAddress& server) {
  boost::asio::io_context context(1);
  SystemRandom random;
  BehaviorTest test({.server = server}, random);
  std::unique_ptr<UdpProbe> probe;
  std::function<void()> drain = [&] {
    while (const auto out = test.poll_transmit()) probe->send(out->socket, out->to, out->bytes);
    if (test.is_done()) return context.stop();
    probe->wake_at(test.poll_timeout(), [&] {
      test.handle_timeout(instant_now());
      drain();
    });
  };
  probe = std::make_unique<UdpProbe>(
      context, BehaviorTest::socket_count, source_towards(context, server),
      [&](std::size_t socket, const TransportAddress&, MutableBytes datagram) {
        test.handle_datagram(instant_now(), socket, datagram);
        drain();
      });
  test.start(instant_now(), probe->local(BehaviorTest::mapping_socket));
  drain();
  context.run();
  return test.findings();
}

int run_diagnosis(const Options& options) {
  const TransportAddress server = resolve_server(options.server).front();
  const Findings findings = discover(server);
  if (!findings.answered) throw does_not_answer(server, "UDP");
  if (options.json)
    fmt::print("{}\n", diagnose::as_json(server, findings).dump());
  else
    fmt::print("{}", diagnose::for_people(server, findings));
  return 0;
}

}  // namespace

void add_diagnose_command(CLI::App& app, int& exit_status) {
  auto* command = app.add_subcommand(
      "diagnose", "what NAT is there between this host and a server, and what it means");
  const auto options = std::make_shared<Options>();
  command->add_option("--server", options->server, "a STUN server with two addresses (RFC 5780)")
      ->option_text("HOST[:PORT]")
      ->required();
  command->add_flag("--json", options->json, "answer with one JSON object");
  command->callback([options, &exit_status] {
    exit_status = run_command("diagnose", [&] { return run_diagnosis(*options); });
  });
}

}  // namespace stile
