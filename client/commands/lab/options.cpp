#include "client/commands/lab/options.hpp"

#include "client/commands/number_between.hpp"

namespace stile::lab {

namespace {

Gateway gateway(const std::string& option, const std::string& text) {
  if (const auto parsed = Gateway::parse(text)) return *parsed;
  throw CLI::ValidationError(
      option, "'" + text + "' is not none, nftables, a behaviour such as EIM/APDF, or like:NAME");
}

}  // namespace

void add_path_options(CLI::App& command, Options& options) {
  command.add_flag("--no-relay", options.no_relay, "the server answers STUN only");
  command
      .add_option("--delay", options.delay_ms, "milliseconds that each stile-nat adds, each way")
      ->option_text("MS")
      ->check(number_between(0, 10'000));
  command
      .add_option("--loss", options.loss_percent,
                  "percent of the packets that each stile-nat loses")
      ->option_text("PERCENT")
      ->check(number_between(0.0, 100.0));
}

void add_play_options(CLI::App& command, Options& options) {
  command
      .add_option("--patience", options.patience_seconds, "how long a pair may take to meet [20]")
      ->option_text("SECONDS")
      ->check(number_between(1, 3600));
  command.add_flag("--json", options.json, "one JSON object for each pair");
}

void add_pair_options(CLI::App& command, Options& options) {
  command
      .add_option("--a", options.a,
                  "the NAT of a: none, nftables, MAPPING/FILTERING such as EIM/APDF, or like:NAME "
                  "for a known one (stile-nat --like list) [EIM/EIF]")
      ->option_text("NAT");
  command.add_option("--b", options.b, "the NAT of b, likewise")->option_text("NAT");
  command
      .add_option("--carrier", options.carrier,
                  "a carrier's NAT above both homes (100.64.0.0/10), such as EIM/EIF")
      ->option_text("NAT");
}

Scenario scenario_of(const Options& options) {
  Scenario scenario{.a = gateway("--a", options.a), .b = gateway("--b", options.b)};
  if (!options.carrier.empty()) {
    scenario.carrier = gateway("--carrier", options.carrier);
    if (scenario.carrier->kind == Gateway::Kind::none ||
        scenario.carrier->kind == Gateway::Kind::nftables)
      throw CLI::ValidationError("--carrier",
                                 "a carrier's NAT is a behaviour such as EIM/EIF, or like:NAME");
  }
  return under_conditions(std::move(scenario), options);
}

Scenario under_conditions(Scenario scenario, const Options& options) {
  scenario.relay = !options.no_relay;
  scenario.loss = options.loss_percent / 100;
  scenario.delay_ms = options.delay_ms;
  scenario.patience = std::chrono::seconds(options.patience_seconds);
  return scenario;
}

}  // namespace stile::lab
