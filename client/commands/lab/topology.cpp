#include "client/commands/lab/topology.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

namespace stile::lab {

namespace {

struct Uplink {
  std::string segment;  ///< the switch it hangs on
  std::string address;  ///< with the prefix length
  std::string router;   ///< default route, or empty
};

/// Puts interface `name` into `inner`, its other end on a switch of `segment`.
void plug(const NetworkNamespace& segment, const NetworkNamespace& inner, const std::string& name,
          const Uplink& uplink) {
  const std::string port = name + "-" + inner.name();
  segment.ip(
      fmt::format("link add {0} type veth peer name {1} netns {2}\n"
                  "link set {0} master {3} up\n",
                  port, name, inner.path(), uplink.segment));
  inner.ip(fmt::format("address add {} dev {}\nlink set {} up\n", uplink.address, name, name));
  if (!uplink.router.empty()) inner.ip(fmt::format("route add default via {}\n", uplink.router));
}

void add_switch(const NetworkNamespace& segment, const std::string& name) {
  segment.ip(fmt::format("link add {0} type bridge\nlink set {0} up\n", name));
}

void await_ready(Process& program, const std::string& what) {
  const auto line = program.read_line(std::chrono::steady_clock::now() + std::chrono::seconds(10));
  if (line && line->find("\"ready\":true") != line->npos) return;
  throw LabError(what + " did not start: " + program.complaint());
}

}  // namespace

Topology::Topology(const Scenario& scenario) : scenario_(scenario), segment_("segment") {
  add_switch(segment_, "public");
  add_server(scenario.relay);
  if (scenario.carrier) add_carrier(*scenario.carrier);
  add_home(1, scenario.a, scenario.carrier.has_value());
  add_home(2, scenario.b, scenario.carrier.has_value());
}

void Topology::add_server(bool relay) {
  auto& server = *namespaces_.emplace_back(std::make_unique<NetworkNamespace>("server"));
  plug(segment_, server, "eth0", {"public", std::string(server_address) + "/24", ""});
  server.ip("address add 203.0.113.11/24 dev eth0\n");
  std::vector<std::string> command{program_path("server", "stile-server"),
                                   "--listen",
                                   fmt::format("{}:{}", server_address, server_port),
                                   "--realm",
                                   "stile.lab",
                                   "--behavior-discovery",
                                   "--alternate-address",
                                   "203.0.113.11",
                                   "--drain-timeout",
                                   "0"};
  if (relay)
    command.insert(command.end(), {"--relay-address", server_address, "--user", "lab:lab",
                                   "--allow-peer", "203.0.113.0/24"});
  programs_.push_back(std::make_unique<Process>(server, command));
  await_ready(*programs_.back(), "stile-server");
}

void Topology::add_carrier(const Gateway& carrier) {
  add_switch(segment_, "shared");
  auto& gateway = *namespaces_.emplace_back(std::make_unique<NetworkNamespace>("carrier"));
  plug(segment_, gateway, "wan", {"public", "203.0.113.50/24", ""});
  plug(segment_, gateway, "lan", {"shared", "100.64.0.1/10", ""});
  start_gateway(gateway, carrier);
}

void Topology::add_home(int number, const Gateway& gateway, bool behind_carrier) {
  const std::string letter(1, static_cast<char>('a' + number - 1));
  const Uplink uplink =
      behind_carrier ? Uplink{"shared", fmt::format("100.64.0.{}/10", 10 + number), "100.64.0.1"}
                     : Uplink{"public", fmt::format("203.0.113.{}/24", 100 + number), ""};
  auto& peer = *namespaces_.emplace_back(std::make_unique<NetworkNamespace>("peer-" + letter));
  peers_.push_back(&peer);
  if (gateway.kind == Gateway::Kind::none) return plug(segment_, peer, "eth0", uplink);

  auto& router = *namespaces_.emplace_back(std::make_unique<NetworkNamespace>("gw-" + letter));
  add_switch(segment_, "home-" + letter);
  plug(segment_, router, "wan", uplink);
  plug(segment_, router, "lan", {"home-" + letter, fmt::format("192.168.{}.1/24", number), ""});
  plug(segment_, peer, "eth0",
       {"home-" + letter, fmt::format("192.168.{}.2/24", number),
        fmt::format("192.168.{}.1", number)});
  start_gateway(router, gateway);
}

void Topology::start_gateway(const NetworkNamespace& where, const Gateway& gateway) {
  if (gateway.kind == Gateway::Kind::nftables) return start_nftables(where);
  // The name of a control socket is global to the machine; an abstract one ends with its process.
  std::vector<std::string> command{program_path("nat", "stile-nat"),
                                   "--inside",
                                   "lan",
                                   "--outside",
                                   "wan",
                                   "--control",
                                   fmt::format("@stile-lab-{}-{}", getpid(), where.name())};
  if (gateway.kind == Gateway::Kind::personality) {
    command.insert(command.end(), {"--like", gateway.personality});
  } else {
    const auto [mapping, filtering] = flag_names(gateway.behavior);
    command.insert(command.end(), {"--mapping", mapping, "--filtering", filtering});
  }
  if (scenario_.loss > 0)
    command.insert(command.end(), {"--loss", fmt::format("{}%", scenario_.loss * 100)});
  if (scenario_.delay_ms > 0)
    command.insert(command.end(), {"--delay", fmt::format("{}ms", scenario_.delay_ms)});
  programs_.push_back(std::make_unique<Process>(where, command));
  await_ready(*programs_.back(), "stile-nat");
}

void Topology::start_nftables(const NetworkNamespace& where) {
  // A home router's usual rules. What nobody asked for is dropped before connection tracking keeps
  // it: else the kernel would take the peer's first packet for a flow of its own and move our port
  // away from it.
  where.run(
      "nft", "-f -",
      "table ip home {\n"
      "  chain input { type filter hook input priority 0; iifname wan ct state new drop; }\n"
      "  chain forward { type filter hook forward priority 0; iifname wan ct state new drop; }\n"
      "  chain out { type nat hook postrouting priority 100; oifname wan masquerade; }\n"
      "}\n");
  where.run("cat", "> /proc/sys/net/ipv4/ip_forward", "1\n");
}

}  // namespace stile::lab
