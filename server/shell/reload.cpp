#include "server/shell/reload.hpp"

#include "server/core/reconfiguration.hpp"

namespace stile::server {

namespace {

/// Calls `visit(flag, member)` for each option of the shell's that lasts as long as the server
/// does: sockets, threads, and what the workers have been made with.
template <class Visit>
void for_each_kept(Visit&& visit) {
  visit("listen-tls", &Options::listen_tls);
  visit("proxy-from", &Options::balancers);
  visit("max-connections", &Options::connections);
  visit("threads", &Options::threads);
  visit("kernel-relay", &Options::kernel_relay);
  visit("control", &Options::control);
}

}  // namespace

Reload reload(const Options& running, Options fresh) {
  std::vector<std::string_view> kept = relay::unchangeable(running.relay, fresh.relay);
  for_each_kept([&](std::string_view flag, auto member) {
    if (running.*member != fresh.*member) kept.push_back(flag);
    fresh.*member = running.*member;
  });
  // A certificate can take another one's place; TLS cannot begin or end.
  if (running.certificate.has_value() != fresh.certificate.has_value()) {
    kept.push_back("cert");
    fresh.certificate = running.certificate;
  }
  fresh.listen = running.listen;  // unchangeable() has compared all listeners
  fresh.relay = relay::keeping_unchangeable(running.relay, std::move(fresh.relay));
  return {std::move(fresh), std::move(kept)};
}

}  // namespace stile::server
