#include "nat/shell/control_client.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "control/client.hpp"
#include "nat/shell/conntrack_text.hpp"
#include "nat/shell/option_text.hpp"
#include "nat/shell/who.hpp"

namespace stile::nat::shell {

namespace {

using control::Json;

constexpr const char* row = "{:<5} {:<12} {:>8}  {:<21} {:<21} {:<21} {:>18} {:>18}\n";

std::string traffic(const Json& session, const char* direction) {
  if (!session.contains(direction)) return "-";
  const Json& counts = session.at(direction);
  return fmt::format("{}/{}", counts.at("packets").get<std::uint64_t>(),
                     counts.at("bytes").get<std::uint64_t>());
}

std::string time_left(const Json& session) {
  const std::chrono::seconds left(session.at("time_left").get<std::int64_t>());
  return to_text(left);
}

void print_sessions(const Json& answer) {
  fmt::print(row, "PROTO", "STATE", "LEFT", "INSIDE", "EXTERNAL", "REMOTE", "OUT pkts/bytes",
             "IN pkts/bytes");
  for (const Json& session : answer.at("sessions"))
    fmt::print(row, session.at("protocol").get<std::string>(), session.value("state", "-"),
               time_left(session), session.at("inside").get<std::string>(),
               session.at("external").get<std::string>(), session.value("remote", "*"),
               traffic(session, "outbound"), traffic(session, "inbound"));
  for (const Json& mapping : answer.at("mappings"))
    fmt::print(row, mapping.at("protocol").get<std::string>(), "mapped", time_left(mapping),
               mapping.at("inside").get<std::string>(), mapping.at("external").get<std::string>(),
               "*", "-", "-");
}

/// Until it is interrupted, or the program that it asks ends.
int run_watch(const ControlOptions& options) {
  constexpr std::chrono::milliseconds pause(200);
  std::string command = "watch";
  for (;;) {
    const Json answer = control::ask("stile-nat", options.control, command).json;
    if (const auto lost = answer.at("lost").get<std::uint64_t>(); lost > 0)
      fmt::print(R"({{"event":"lost","count":{}}})"
                 "\n",
                 lost);
    for (const Json& event : answer.at("events")) fmt::print("{}\n", event.dump());
    std::fflush(stdout);
    command = fmt::format("watch {}", answer.at("next").get<std::uint64_t>());
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

int run_control_client(const ControlOptions& options) {
  if (options.command == "who") return run_who(options);
  if (options.command == "watch") return run_watch(options);
  const auto [text, json] = control::ask("stile-nat", options.control, options.command);
  if (options.json)
    fmt::print("{}", text);
  else if (options.command == "list" && options.as_conntrack)
    for (const Json& session : json.at("sessions")) fmt::print("{}\n", conntrack_line(session));
  else if (options.command == "list")
    print_sessions(json);
  else
    control::print_values(json);
  return 0;
}

}  // namespace stile::nat::shell
