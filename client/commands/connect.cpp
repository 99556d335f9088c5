#include "client/commands/connect.hpp"

#include <net/if.h>

#include <map>
#include <memory>

#include "client/commands/connect/stdio_peer.hpp"
#include "client/commands/run.hpp"
#include "stile/asio/default_routers.hpp"
#include "stile/portmap/mapping.hpp"
#include "stile/turn/uri.hpp"

namespace stile {

namespace {

using connect::Options;

std::vector<connect::Server> servers_of(const Options& options) {
  std::vector<connect::Server> servers;
  for (const std::string& text : options.stun) servers.push_back({stun_uri(text), {}});
  for (const std::string& text : options.turn) {
    if (options.username.empty())
      throw CommandError("'" + text + "' needs --username and --password");
    servers.push_back({turn_uri(text), {options.username, options.password}});
  }
  return servers;
}

const std::map<std::string, ice::Policy> policies{
    {"all", ice::Policy::all}, {"no-host", ice::Policy::no_host}, {"relay", ice::Policy::relay}};

ice::Config configuration(const Options& options) {
  ice::Config config;
  config.role = options.role == "controlled" ? ice::Role::controlled : ice::Role::controlling;
  config.policy = policies.at(options.policy);
  config.udp = !options.no_udp;
  if (config.policy == ice::Policy::relay && options.turn.empty())
    throw CommandError("--policy relay needs a TURN server; give one with --turn");
  config.ipv6 = !options.ipv4_only;
  if (!options.ports.empty()) config.ports = *PortRange::parse(options.ports);
  config.trickle = options.trickle;
  config.mdns_names = options.mdns;
  config.tcp = options.ice_tcp;
  config.hard_nats = options.hard_nats;
  if (options.port_mapping) config.port_mapping_routers = default_routers(portmap::server_port);
  config.lite = options.lite;
  if (config.lite && (!options.stun.empty() || !options.turn.empty()))
    throw CommandError("a lite agent asks no servers; leave --stun and --turn out");
  if (options.detection > 0)
    config.path_patience =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.detection));
  config.restart_after =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(options.restart_after));
  return config;
}

std::optional<Proxy> proxy_of(const Options& options, boost::asio::any_io_executor executor) {
  if (options.proxy.empty()) return std::nullopt;
  const auto uri = ProxyUri::parse(options.proxy);
  if (!uri) throw CommandError("--proxy: " + uri.error());
  return Proxy{uri->kind, resolve_host(executor, uri->host, uri->port).front(), uri->username,
               uri->password};
}

/// A session without any address of this host would only wait, and fail.
void require_addresses(const Options& options) {
  const std::string& name = options.interface;
  if (!name.empty() && if_nametoindex(name.c_str()) == 0)
    throw CommandError("there is no interface " + name + "; `ip link` lists them");
  const auto addresses = local_addresses(options.interfaces());
  const bool usable = std::ranges::any_of(
      addresses, [&](const IpAddress& address) { return address.is_v4() || !options.ipv4_only; });
  if (usable) return;
  if (!name.empty())
    throw CommandError("interface " + name +
                       " is down or has no usable address; `ip address` shows it");
  if (options.default_route)
    throw CommandError("this host has no default route; leave out --default-route");
  throw CommandError(
      "this host has no address but loopback ones; bring an interface up, or try --loopback");
}

int run_session(const Options& options) {
  require_addresses(options);
  boost::asio::io_context context(1);
  connect::StdioPeer peer(context, options, configuration(options), servers_of(options),
                          proxy_of(options, context.get_executor()));
  return peer.run();
}

constexpr const char* conversation =
    "It writes {\"local\":{...}}, which the other side is to be given as {\"remote\":{...}}, then "
    "{\"state\":...} and\n"
    "{\"connected\":{...}} or {\"failed\":{...}}. Given {\"send\":\"text\"} it sends; the other "
    "side writes {\"data\":\"text\"}.\n"
    "It ends with its input.";

}  // namespace

void add_connect_command(CLI::App& app, int& exit_status) {
  auto* command = app.add_subcommand(
      "connect", "connects to a peer by ICE, signalled by one JSON object a line");
  command->footer(conversation);
  const auto options = std::make_shared<Options>();
  command->add_flag("--stdio", options->stdio, "signal and talk on standard input and output")
      ->required();
  command->add_option("--role", options->role, "controlling [default] | controlled")
      ->option_text("ROLE")
      ->check(CLI::IsMember({"controlling", "controlled"}));
  command
      ->add_option("--stun", options->stun, "a STUN server, also as stun:HOST[:PORT]; repeatable")
      ->option_text("HOST[:PORT]");
  command
      ->add_option("--turn", options->turn,
                   "a TURN server (RFC 7065): turn:HOST[:PORT][?transport=tcp], or turns: for TLS; "
                   "repeatable")
      ->option_text("URI");
  command->add_option("--username", options->username, "for the TURN servers")->option_text("NAME");
  command->add_option("--password", options->password, "likewise")->option_text("PASSWORD");
  command
      ->add_option("--ca", options->ca_file,
                   "certificates to believe servers over TLS by, in PEM; else the system's")
      ->option_text("FILE")
      ->check(CLI::ExistingFile);
  command
      ->add_option(
          "--proxy", options->proxy,
          "reach TURN servers over TCP and TLS by a proxy: http://[USER:PASSWORD@]HOST[:PORT], "
          "or socks5://")
      ->option_text("URI");
  command
      ->add_option(
          "--policy", options->policy,
          "candidates to tell: all [default] | no-host, none of our own addresses | relay, "
          "which uses no others")
      ->option_text("WHICH")
      ->check(CLI::IsMember(policies));
  command->add_option("--interface", options->interface, "use the addresses of this interface only")
      ->option_text("NAME");
  command
      ->add_option("--ports", options->ports,
                   "bind sockets that peers reach to ports of this range only; not those that "
                   "connect, to TURN servers or by TCP")
      ->option_text("FIRST-LAST")
      ->check([](const std::string& text) {
        return PortRange::parse(text) ? "" : "'" + text + "' is not a range like 50000-50100";
      });
  command
      ->add_option("--explain", options->explain,
                   "write what became of each pair of candidates, and when, as JSON")
      ->option_text("FILE");
  command
      ->add_option("--detection", options->detection,
                   "seconds of silence until another path takes over, 0.5 to 30 [default 0.8]")
      ->option_text("SECONDS")
      ->check(CLI::Range(0.5, 30.0));
  command
      ->add_option(
          "--restart-after", options->restart_after,
          "restart when no pair has worked for so many seconds, 1 to 3600 [default never]; "
          "the controlled side after twice as many")
      ->option_text("SECONDS")
      ->check(CLI::Range(1.0, 3600.0));
  command->add_flag("--lite", options->lite,
                    "be an ICE lite agent, of a host with a public address: it only answers");
  command->add_flag("--default-route", options->default_route,
                    "use only the addresses that the Internet is reached from");
  command->add_flag("--ipv4-only", options->ipv4_only, "use no IPv6 addresses");
  command->add_flag("--no-udp", options->no_udp,
                    "send no UDP, but for looking up names: TURN over TCP and TLS, and --ice-tcp");
  command->add_flag("--trickle", options->trickle,
                    "tell candidates as they are found, each in a line of its own");
  command->add_flag("--mdns", options->mdns,
                    "tell names under .local in place of our addresses; peers on the link find "
                    "these by mDNS");
  command->add_flag("--ice-tcp", options->ice_tcp,
                    "TCP candidates, too, for where UDP is blocked (RFC 6544)");
  command->add_flag("--port-mapping", options->port_mapping,
                    "have the default router map our ports, by PCP, NAT-PMP or UPnP");
  command->add_flag("--hard-nats", options->hard_nats,
                    "guess ports where NATs let no ordinary check through; with a peer that does, "
                    "too, and two STUN servers");
  command->add_flag("--loopback", options->loopback, "use loopback addresses, too");
  command->add_flag("--echo", options->echo, "send back what comes");
  command->callback([options, &exit_status] {
    exit_status = run_command("connect", [&] { return run_session(*options); });
  });
}

}  // namespace stile
