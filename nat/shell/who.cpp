#include "nat/shell/who.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "control/client.hpp"
#include "nat/core/deterministic_ports.hpp"
#include "nat/shell/log_search.hpp"
#include "nat/shell/option_text.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

using control::Json;

LogSearch::Question question_of(const ControlOptions& options) {
  if (options.arguments.empty() || options.arguments.size() > 2)
    throw UsageProblem("ctl who: give [tcp:|udp:]ADDR:PORT and a time, as 2026-01-31T12:00:00Z");
  auto question = parse_question(options.arguments[0]);
  if (!question)
    throw UsageProblem(
        fmt::format("ctl who: '{}' is not of the form udp:203.0.113.1:4000", options.arguments[0]));
  if (options.arguments.size() == 2) {
    question->time = options.arguments[1];
    if (!is_log_time(question->time))
      throw UsageProblem(fmt::format("ctl who: '{}' is not of the form 2026-01-31T12:00:00Z (UTC)",
                                     question->time));
  }
  return *question;
}

/// The running program's settings that deterministic shares follow from.
Config config_of(const Json& setup) {
  Config config;
  for (const Json& address : setup.at("outside").at("external"))
    config.external.push_back(*IpAddress::parse(address.get<std::string>()));
  config.port_min = setup.at("limits").at("port_min").get<std::uint16_t>();
  config.port_max = setup.at("limits").at("port_max").get<std::uint16_t>();
  const Json& deterministic = setup.at("deterministic");
  config.subscribers = parse_address_range(deterministic.at("subscribers").get<std::string>())
                           .value_or(AddressRange{});
  config.dynamic_factor = deterministic.at("dynamic_factor").get<std::uint32_t>();
  return config;
}

std::optional<LogSearch::Holder> deterministic_holder(const Json& setup,
                                                      const TransportAddress& external) {
  if (!setup.contains("deterministic") || setup.at("behavior").at("ports") != "deterministic")
    return std::nullopt;
  const Config config = config_of(setup);
  const auto index = std::ranges::find(config.external, external.ip) - config.external.begin();
  const auto owner =
      DeterministicPorts(config).owner_of(static_cast<std::size_t>(index), external.port);
  if (!owner || index == static_cast<std::ptrdiff_t>(config.external.size())) return std::nullopt;
  return LogSearch::Holder{IpAddress::v4(*owner).to_string(), "any", "always", ""};
}

void search(LogSearch& search, const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Problem("cannot read the log " + path + "; give --log FILE");
  for (std::string line; std::getline(file, line);) search.add_line(line);
}

std::vector<LogSearch::Holder> holders_of(const ControlOptions& options,
                                          const LogSearch::Question& question) {
  LogSearch log(question);
  std::vector<std::string> files = options.logs;
  if (files.empty()) {
    const Json setup = control::ask("stile-nat", options.control, "show").json;
    if (const auto holder = deterministic_holder(setup, question.external)) return {*holder};
    const auto file = setup.at("log").at("file").get<std::string>();
    if (file.empty())
      throw Problem("this stile-nat writes no log; start it with --log FILE, or give --log FILE");
    files.push_back(file);
  }
  for (const std::string& file : files) search(log, file);
  return log.answer();
}

Json json_of(const LogSearch::Holder& holder) {
  return {{"inside", holder.inside},
          {"protocol", holder.protocol},
          {"from", holder.from},
          {"until", holder.until}};
}

}  // namespace

int run_who(const ControlOptions& options) {
  const auto holders = holders_of(options, question_of(options));
  Json list = Json::array();
  for (const LogSearch::Holder& holder : holders) list.push_back(json_of(holder));
  if (options.json) {
    fmt::print("{}\n", Json{{"holders", list}}.dump());
  } else {
    for (const LogSearch::Holder& holder : holders)
      fmt::print("{:<21} {:<5} from {} until {}\n", holder.inside, holder.protocol, holder.from,
                 holder.until.empty() ? "now" : holder.until);
    if (holders.empty()) fmt::print("nobody\n");
  }
  return holders.empty() ? 1 : 0;
}

}  // namespace stile::nat::shell
