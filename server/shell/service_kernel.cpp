#include <fmt/format.h>

#include "server/shell/clock.hpp"
#include "server/shell/service.hpp"
#include "server/shell/start_error.hpp"

namespace stile::server {

std::unique_ptr<KernelRelay> Service::start_kernel_relay() {
  if (options_.kernel_relay == KernelRelayUse::off) return nullptr;
  auto kernel = KernelRelay::start(options_.kernel_relay, options_.relay.relay_ports);
  if (kernel) return *std::move(kernel);
  if (options_.kernel_relay == KernelRelayUse::on)
    throw StartError(
        placed(options_.settings,
               fmt::format(
                   "--kernel-relay: channels cannot be relayed in the kernel: {}; take auto or off",
                   kernel.error())));
  say(LogLevel::info, "kernel-relay", fmt::format("not in the kernel: {}", kernel.error()));
  return nullptr;
}

/// Which clients are served, and what RFC 5780 has asked for, is the server's to see to.
void Service::answer_in_kernel() {
  if (!kernel_) return;
  if (!kernel_bindings_) kernel_bindings_.emplace(*kernel_, SystemRandom().u64());
  const relay::Config& config = options_.relay;
  const bool for_everybody = config.clients.allow.empty() && config.clients.deny.empty();
  const bool plain = for_everybody && !config.behavior_discovery;
  kernel_bindings_->answer_at(plain ? config.own_addresses : std::vector<TransportAddress>{},
                              config.unauthenticated);
}

void Service::look_at_kernel(Instant now) {
  const std::string before = kernel_->hindrance();
  if (kernel_->look(now)) {
    workers_.ask([](Worker& worker) { return worker.renew_kernel_flows(); });
    kernel_bindings_->renew();
  }
  if (before.empty() != kernel_->hindrance().empty()) tell_hindrance();
}

void Service::tell_hindrance() const {
  const std::string& hindrance = kernel_->hindrance();
  say(LogLevel::info, "kernel-relay",
      hindrance.empty() ? "channels are relayed in the kernel"
                        : fmt::format("not in the kernel: it would pass by {}", hindrance));
}

std::string Service::kernel_relay_state() const {
  if (!kernel_) return "off";
  return kernel_->hindrance().empty() ? "on" : "off: " + kernel_->hindrance();
}

}  // namespace stile::server
