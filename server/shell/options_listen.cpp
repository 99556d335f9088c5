#include "server/shell/options_listen.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "server/shell/interfaces.hpp"
#include "server/shell/option_text.hpp"
#include "server/shell/start_error.hpp"

namespace stile::server {

void ListenFlags::define(CLI::App& app) {
  app.add_option("--listen", listen, "ADDR:PORT for UDP and TCP; repeatable");
  app.add_option("--listen-tls", listen_tls,
                 "ADDR:PORT for TLS and DTLS, and for plain STUN as well; repeatable");
  app.add_option("--cert", cert,
                 "PEM file: the certificate, then its chain; read again when it changes");
  app.add_option("--key", key, "PEM file: its private key");
  app.add_flag("--proxy-protocol", proxy_protocol,
               "TCP and TLS come through balancers that say for whom (v1, v2)");
  app.add_option("--proxy-from", proxy_from,
                 "CIDR of the balancers; others connect directly; repeatable");
  app.add_option("--allow-client", allow_client,
                 "CIDR of clients that are served although a wider one is denied; repeatable");
  app.add_option("--deny-client", deny_client, "CIDR of clients that get no answer; repeatable");
  app.add_flag("--behavior-discovery", behavior_discovery, "RFC 5780; needs --alternate-address");
  app.add_option("--alternate-address", alternate_address,
                 "ADDR[:PORT], the second address for RFC 5780");
}

void ListenFlags::apply(Options& options) const {
  options.listen = listeners("--listen", listen);
  add_tls(options);
  add_balancers(options);
  add_behavior_discovery(options);
  options.relay.clients = {prefixes("--allow-client", allow_client),
                           prefixes("--deny-client", deny_client)};
  options.relay.own_addresses = options.all_listeners();
  options.relay.machine_addresses = interface_addresses();
}

void ListenFlags::add_tls(Options& options) const {
  options.listen_tls = listeners("--listen-tls", listen_tls);
  if (cert.empty() != key.empty()) throw StartError("--cert and --key belong together; give both");
  if (!cert.empty())
    options.certificate = {cert, key};
  else if (!options.listen_tls.empty())
    throw StartError("--listen-tls needs a certificate; give --cert FILE and --key FILE");
}

void ListenFlags::add_balancers(Options& options) const {
  options.balancers = prefixes("--proxy-from", proxy_from);
  if (proxy_protocol == options.balancers.empty())
    throw StartError(
        proxy_protocol
            ? "--proxy-protocol believes only balancers that are named; give --proxy-from CIDR"
            : "--proxy-from is of use with --proxy-protocol only; give both");
}

// RFC 5780 §6: the second address has a second port, too; without one named it is the next.
void ListenFlags::add_behavior_discovery(Options& options) const {
  const std::string& text = alternate_address;
  if (!behavior_discovery && !text.empty())
    throw StartError("--alternate-address is of use with --behavior-discovery only; give both");
  if (!behavior_discovery) return;
  const TransportAddress primary = options.listen.front();
  if (text.empty())
    throw StartError(
        "--behavior-discovery needs a second address; give --alternate-address ADDR[:PORT]");
  TransportAddress alternate{{}, static_cast<std::uint16_t>(primary.port + 1)};
  if (const auto ip = IpAddress::parse(text))
    alternate.ip = *ip;
  else if (const auto both = TransportAddress::parse(text))
    alternate = *both;
  else
    bad("--alternate-address", text, "ADDR or ADDR:PORT");
  if (alternate.ip == primary.ip || alternate.port == primary.port ||
      alternate.family() != primary.family())
    throw StartError(
        "--alternate-address must differ from the first --listen in address and in port, and be of "
        "its family");
  options.relay.behavior_discovery = {primary, alternate};
  for (const TransportAddress& more : {alternate, TransportAddress{primary.ip, alternate.port},
                                       TransportAddress{alternate.ip, primary.port}})
    if (std::ranges::find(options.listen, more) == options.listen.end())
      options.listen.push_back(more);
}

}  // namespace stile::server
