#include "nat/shell/option_definitions.hpp"

namespace stile::nat::shell {

namespace {

PortTimeout parse_port_timeout(const std::string& text) {
  constexpr const char* example = "53=30s";
  const auto at = text.find('=');
  const auto ports = parse_port_range(std::string_view(text).substr(0, at));
  if (at == text.npos || !ports || ports->first != ports->second)
    throw CLI::ValidationError(fmt::format("'{}' is not of the form {}", text, example));
  return {ports->first, accept(parse_duration(text.substr(at + 1)), text, example)};
}

void add_ports(CLI::App& app, Config& nat) {
  add(
      app, "--port-range",
      [&nat](const std::string& text) {
        std::tie(nat.port_min, nat.port_max) = accept(parse_port_range(text), text, "1024-65535");
      },
      "external ports that may be used [1-65535]", "MIN-MAX");
  add_duration(app, "--port-hold", nat.port_hold,
               "how long a port that was somebody's is not given to another host");
  add_number(app, "--max-ports-held", nat.max_ports_held, "of such ports [16384]");
}

void add_limits(CLI::App& app, Config& nat) {
  add_number(app, "--max-mappings", nat.max_mappings, "mappings in all [65536]");
  add_number(app, "--max-sessions", nat.max_sessions, "sessions in all [262144]");
  app.add_flag("--udp-sessions,!--no-udp-sessions", nat.udp_sessions,
               "UDP has a session for each remote endpoint; without, a mapping alone [on]");
  app.add_flag("--reserve-tables,!--no-reserve-tables", nat.reserves_tables,
               "memory for all of these is taken at the start [as they fill]");
  add_number(app, "--ports-per-host", nat.ports_per_host,
             "mappings that one inside address may have [no limit]");
  add_number(app, "--new-ports-per-second", nat.new_ports_per_second,
             "mappings that it may make in a second [no limit]");
  add_number(app, "--sessions-per-host", nat.sessions_per_host,
             "sessions that it may have [no limit]");
  add_number(app, "--sessions-per-mapping", nat.sessions_per_mapping,
             "remote endpoints that one mapping may have sessions with [no limit]");
}

void add_timeouts(CLI::App& app, Config& nat) {
  add_duration(app, "--udp-timeout", nat.udp_timeout, "idle UDP");
  add_each(
      app, "--udp-port-timeout",
      [&nat](const std::string& text) {
        nat.udp_port_timeouts.push_back(parse_port_timeout(text));
      },
      "idle UDP towards one well-known port; repeatable", "PORT=TIME");
  add(
      app, "--udp-unanswered-timeout",
      [&nat](const std::string& text) {
        nat.udp_unanswered_timeout = accept(parse_duration(text), text, "300s, 2h4m or 20ms");
      },
      "idle UDP while nothing has come in [as --udp-timeout]", "TIME");
  add_duration(app, "--icmp-timeout", nat.icmp_timeout, "idle ICMP queries");
  add_duration(app, "--esp-timeout", nat.esp_timeout, "idle ESP; 0 lets none through");
  add_duration(app, "--tcp-established-timeout", nat.tcp_established_timeout,
               "idle open TCP connections");
  add(
      app, "--tcp-transitory-timeout",
      [&nat](const std::string& text) {
        nat.tcp_opening_timeout = nat.tcp_closing_timeout =
            accept(parse_duration(text), text, "300s, 2h4m or 20ms");
      },
      "both of the following", "TIME");
  add_duration(app, "--tcp-opening-timeout", nat.tcp_opening_timeout, "TCP connections that open");
  add_duration(app, "--tcp-closing-timeout", nat.tcp_closing_timeout,
               "TCP connections that close, or that saw a RST");
  app.add_flag("--tcp-probe,!--no-tcp-probe", nat.probes_connections,
               "an idle connection's host is asked whether it lives before that is forgotten [off; "
               "NAT64 always asks]");
}

}  // namespace

void add_limit_options(CLI::App& app, Config& nat) {
  add_ports(app, nat);
  add_limits(app, nat);
  add_timeouts(app, nat);
}

}  // namespace stile::nat::shell
