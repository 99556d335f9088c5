#include "server/shell/options_relay.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "server/shell/option_text.hpp"
#include "server/shell/start_error.hpp"

namespace stile::server {

namespace {

KernelRelayUse kernel_relay_use(const std::string& word) {
  if (word == "on") return KernelRelayUse::on;
  return word == "off" ? KernelRelayUse::off : KernelRelayUse::automatic;
}

}  // namespace

void RelayFlags::define(CLI::App& app) {
  app.add_option("--relay-address", relay_address,
                 "address to relay from; repeatable, one for each family is used");
  app.add_option("--external-address", external_address,
                 "PUBLIC[/PRIVATE] for a server behind a 1:1 NAT; repeatable");
  app.add_option("--relay-ports", relay_ports, "MIN-MAX");
  app.add_option("--allow-peer", allow_peer,
                 "CIDR that may be relayed to although it is special; repeatable");
  app.add_option("--deny-peer", deny_peer, "CIDR that may not; repeatable");
  app.add_flag("--tcp-relay,!--no-tcp-relay", tcp_relay,
               "RFC 6062: connections with peers over TCP (default)");
  app.add_option("--alternate-server", alternate_server,
                 "ADDR:PORT[/DOMAIN] where new clients are sent when this server is full or "
                 "draining; repeatable");
  app.add_flag("--redirect-always", redirect_always,
               "new clients are sent there whatever room there is");
  app.add_option(
         "--kernel-relay", kernel_relay,
         "auto, on or off: relay the channels of UDP clients, and answer Binding requests, in "
         "the kernel; auto: where that is permitted and passes no packet filter by")
      ->check(CLI::IsMember({"auto", "on", "off"}));
  app.add_flag("--mobility,!--no-mobility", mobility,
               "RFC 8016: clients may take allocations along to other addresses");
}

void RelayFlags::apply(Options& options) const {
  relay::Config& config = options.relay;
  config.relay_addresses = relay_addresses(options.listen);
  add_external_addresses(config);
  config.relay_ports = port_range("--relay-ports", relay_ports);
  config.peers = {prefixes("--allow-peer", allow_peer), prefixes("--deny-peer", deny_peer)};
  config.tcp_relay = tcp_relay;
  config.mobility = mobility;
  options.kernel_relay = kernel_relay_use(kernel_relay);
  add_alternate_servers(options);
}

std::vector<IpAddress> RelayFlags::relay_addresses(
    const std::vector<TransportAddress>& listen) const {
  std::vector<IpAddress> all;
  for (const std::string& text : relay_address) all.push_back(address("--relay-address", text));
  if (!all.empty()) return all;
  const bool only_loopback =
      std::ranges::all_of(listen, [](const auto& each) { return each.ip.is_loopback(); });
  for (const TransportAddress& each : listen)
    if (only_loopback || !each.ip.is_loopback()) all.push_back(each.ip);
  return all;
}

void RelayFlags::add_alternate_servers(Options& options) const {
  relay::Config& config = options.relay;
  for (const std::string& text : alternate_server) {
    const auto slash = text.find('/');
    const auto server = TransportAddress::parse(text.substr(0, slash));
    const std::string domain = slash == text.npos ? "" : text.substr(slash + 1);
    if (!server || server->port == 0 || server->ip.is_unspecified() || domain.size() > 255)
      bad("--alternate-server", text, "ADDR:PORT or ADDR:PORT/DOMAIN (IPv6 in brackets)");
    if (std::ranges::find(config.own_addresses, *server) != config.own_addresses.end())
      bad("--alternate-server", text, "another server: it is this one's --listen");
    config.alternate_servers.push_back({*server, domain});
  }
  if (redirect_always && alternate_server.empty())
    throw StartError("--redirect-always needs to know where to; give --alternate-server ADDR:PORT");
  config.redirect_always = redirect_always;
}

void RelayFlags::add_external_addresses(relay::Config& config) const {
  for (const std::string& text : external_address) {
    const auto slash = text.find('/');
    relay::ExternalAddress each{address("--external-address", text.substr(0, slash)), std::nullopt};
    if (slash != text.npos) each.internal = address("--external-address", text.substr(slash + 1));
    const auto stands_for = [&](const IpAddress& relay) {
      return relay.family() == each.external.family() && relay == each.internal.value_or(relay);
    };
    if (std::ranges::none_of(config.relay_addresses, stands_for))
      bad("--external-address", text,
          "PUBLIC[/PRIVATE] of a relay address; give that with --relay-address");
    config.external_addresses.push_back(each);
  }
}

}  // namespace stile::server
