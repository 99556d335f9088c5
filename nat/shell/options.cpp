#include "nat/shell/options.hpp"

#include <algorithm>
#include <array>

#include "nat/shell/config_file.hpp"
#include "nat/shell/option_definitions.hpp"
#include "nat/shell/personality.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

/// What a configuration file cannot ask for.
constexpr std::array<std::string_view, 2> command_line_only{"help", "config"};

/// What the network does to packets beside their translation.
void add_network_options(CLI::App& app, RunOptions& run) {
  add(
      app, "--clamp-mss",
      [&run](const std::string& text) {
        run.clamp_mss = accept(parse_segment_limit(text), text, "auto or 1452");
      },
      "largest TCP segment that connections agree on: auto (what fits both interfaces), or bytes "
      "[off]",
      "N");
  add_duration(app, "--delay", run.impairment.delay, "keep each packet for so long");
  add_duration(app, "--jitter", run.impairment.jitter, "vary the delay by up to so much");
  add(
      app, "--loss",
      [&run](const std::string& text) {
        run.impairment.loss = accept(parse_percent(text), text, "1%");
      },
      "lose so many packets, each way [0%]", "PERCENT");
}

void add_run_options(CLI::App& app, RunOptions& run, std::string& config_file) {
  add_attachment_options(app, run);
  add_address_options(app, run.nat);
  add_behavior_options(app, run.nat);
  add_limit_options(app, run.nat);
  add_port_mapping_options(app, run.port_mapping, run.nat);
  add_fault_options(app, run.nat);
  add_ipv6_options(app, run.ipv6);
  app.add_option("--log", run.log, "file that gets one JSON object per mapping made and ended")
      ->type_name("FILE");
  add(
      app, "--log-detail",
      [&run](const std::string& text) {
        run.log_detail = choose(log_detail_words, text);
        run.nat.session_events = run.log_detail == LogDetail::sessions;
      },
      "blocks | mappings [default] | sessions, which have destinations", "WHAT");
  add(
      app, "--syslog",
      [&run](const std::string& text) {
        run.syslog = accept(TransportAddress::parse(text), text, "192.0.2.1:514");
      },
      "where the same goes as syslog messages over UDP", "ADDR:PORT");
  add(
      app, "--ipfix",
      [&run](const std::string& text) {
        run.ipfix = accept(TransportAddress::parse(text), text, "192.0.2.1:4739");
      },
      "where the same goes as IPFIX (RFC 8158) over UDP", "ADDR:PORT");
  app.add_option("--state", run.state,
                 "file where sessions are kept while the program does not run")
      ->type_name("FILE");
  add_duration(app, "--state-interval", run.state_interval,
               "how often it is written while it runs; 0: at the end only");
  app.add_option("--pcap-inside", run.capture.files[0],
                 "capture of the packets inside, for Wireshark")
      ->type_name("FILE");
  app.add_option("--pcap-outside", run.capture.files[1], "capture of those outside")
      ->type_name("FILE");
  add_number(app, "--pcap-limit", run.capture.megabytes, "megabytes of each capture [64]");
  add_duration(app, "--health-interval", run.health_interval,
               "how often servers behind --balance are asked how they are; 0 never");
  add_network_options(app, run);
  app.add_option("--control", run.control,
                 "Unix socket for `stile-nat ctl`; @NAME is an abstract one [@stile-nat]")
      ->type_name("PATH");
  app.add_option("--like", run.like,
                 "behave as a known NAT: a NAME of `--like list`, or the path of a file like those")
      ->type_name("NAME");
  app.add_option("--config", config_file,
                 "TOML file; its keys are these options without the dashes")
      ->type_name("FILE");
}

void add_control_options(CLI::App& app, ControlOptions& control) {
  app.add_option("command", control.command, "list | show | stats | flush | save | watch | who")
      ->required()
      ->type_name("COMMAND")
      ->check([](const std::string& text) -> std::string {
        constexpr std::array<std::string_view, 7> known{"list", "show",  "stats", "flush",
                                                        "save", "watch", "who"};
        return std::ranges::count(known, text)
                   ? ""
                   : "ctl: '" + text + "' is none of list, show, stats, flush, save, watch, who";
      });
  app.add_option("arguments", control.arguments, "of who: [tcp:|udp:]ADDR:PORT [TIME]")
      ->type_name("ARG");
  app.add_option("--log", control.logs,
                 "of who: log files, oldest first [the one that the stile-nat writes]")
      ->type_name("FILE")
      ->allow_extra_args(false);  // what follows the file is the command, or its argument
  app.add_flag("--json", control.json, "print JSON");
  app.add_flag("--conntrack", control.as_conntrack, "of list: as conntrack -L prints flows");
  app.add_option("--control", control.control, "socket of the stile-nat that is meant [@stile-nat]")
      ->type_name("PATH");
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

void check_run_options(const RunOptions& run) {
  if (const auto problem = problem_with_attachment(run)) throw UsageProblem(*problem);
  if (const auto problem = problem_with(run.port_mapping.servers)) throw UsageProblem(*problem);
  const Ipv6Options& ipv6 = run.ipv6;
  if (ipv6.nat64.has_value() + ipv6.clat.has_value() + ipv6.nptv6.has_value() +
          ipv6.firewall.has_value() >
      1)
    throw UsageProblem("give one of --nat64, --clat, --nptv6 and --ipv6-firewall");
  if ((ipv6.clat || ipv6.nptv6) && run.state)
    throw UsageProblem("--clat and --nptv6 remember nothing; leave out --state");
  if (ipv6.dns64 && !ipv6.nat64) throw UsageProblem("--dns64 goes with --nat64; give that, too");
}

KeyKind kind_of(const CLI::App& app, const std::string& key) {
  const CLI::Option* const option = app.get_option_no_throw("--" + key);
  if (!option || std::ranges::count(command_line_only, key) != 0) return KeyKind::unknown;
  return option->get_items_expected_max() == 0 ? KeyKind::flag : KeyKind::value;
}

/// One setting at a time, so that what is wrong is told with its place.
void apply_settings(CLI::App& app, const std::vector<Setting>& settings) {
  for (const Setting& setting : settings) {
    try {
      app.parse(std::vector{"--" + setting.key + "=" + setting.value});
    } catch (const CLI::ParseError& error) {
      throw UsageProblem(setting.place + ": " + first_line(error.what()));
    }
  }
}

std::optional<std::string> like_of(const std::vector<Setting>& settings) {
  const auto like = std::ranges::find(settings, "like", &Setting::key);
  return like == settings.end() ? std::nullopt : std::optional(like->value);
}

/// What a personality says counts least, then the file, then the command line, which has been
/// parsed once to know the other two.
void apply_files(CLI::App& app, RunOptions& run, const std::string& config_file) {
  const auto kind = [&app](const std::string& key) { return kind_of(app, key); };
  std::vector<Setting> settings;
  if (!config_file.empty()) settings = read_config_file(config_file, kind);
  const std::string like = run.like.empty() ? like_of(settings).value_or("") : run.like;
  run = {};
  run.config_file = config_file;
  run.settings = settings;
  if (!like.empty()) apply_settings(app, read_personality(like, kind).settings);
  apply_settings(app, settings);
}

}  // namespace

Config config_like(const std::string& name) {
  CLI::App app;
  RunOptions run;
  std::string config_file;
  add_run_options(app, run, config_file);
  const auto kind = [&app](const std::string& key) { return kind_of(app, key); };
  apply_settings(app, read_personality(name, kind).settings);
  return run.nat;
}

std::variant<RunOptions, ControlOptions, Print> parse_options(int argc, const char* const* argv) {
  CLI::App app{
      "stile-nat: a NAT between two interfaces, as RFC 4787, 5382 and 5508 want it, or as you say.",
      "stile-nat"};
  RunOptions run;
  ControlOptions control;
  std::string config_file;
  add_run_options(app, run, config_file);
  CLI::App* ctl = app.add_subcommand(
      "ctl", "asks a running stile-nat: list | show | stats | flush | save | watch | who");
  add_control_options(*ctl, control);
  try {
    app.parse(argc, argv);
    if (run.like == "list") return Print{list_of_personalities()};
    if (!ctl->parsed() && !(config_file.empty() && run.like.empty())) {
      apply_files(app, run, config_file);
      app.parse(argc, argv);
    }
  } catch (const CLI::CallForHelp&) {
    return Print{ctl->parsed() ? ctl->help("stile-nat") : app.help()};
  } catch (const CLI::ParseError& error) {
    throw UsageProblem(first_line(error.what()) + "; see stile-nat --help");
  }
  if (ctl->parsed()) {
    if (ctl->get_option("--control")->empty()) control.control = run.control;
    return control;
  }
  check_run_options(run);
  return run;
}

}  // namespace stile::nat::shell
