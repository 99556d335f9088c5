#pragma once

#include <optional>
#include <vector>

#include "nat/core/nat.hpp"
#include "nat/shell/health_checks.hpp"
#include "nat/shell/nat44_setup.hpp"
#include "nat/shell/port_control.hpp"
#include "nat/shell/translator.hpp"
#include "nat/shell/upnp_service.hpp"

namespace stile::nat::shell {

/// IPv4 on both sides, with the servers by which inside hosts ask for mappings.
class Nat44Translator : public Translator {
 public:
  /// `random` outlives this. Throws Problem.
  Nat44Translator(const RunOptions& options, Nat44Setup setup, Random& random)
      : options_(options), random_(random), setup_(std::move(setup)), nat_(setup_.nat, random) {}

  Verdict handle_packet(Instant now, Side from, MutableBytes packet) override {
    return nat_.handle_packet(now, from, packet);
  }
  void prefetch(Side from, std::span<const Bytes> packets) override {
    nat_.prefetch(from, packets);
  }
  void handle_timeout(Instant now) override { nat_.handle_timeout(now); }
  Instant poll_timeout() const override { return nat_.poll_timeout(); }
  std::optional<Command> poll_command() override { return nat_.poll_command(); }
  std::optional<Event> poll_event() override { return nat_.poll_event(); }

  std::vector<Service*> start_services(Instant now) override;
  std::optional<Placement> follow_interfaces(Instant now) override;
  void reconfigure(Instant now, const RunOptions& options) override;
  void restore(Instant now, const SessionInfo& session) override;
  void restore(Instant now, const SavedMapping& mapping) override;
  std::size_t flush(Instant now) override;

  std::string describe_sessions(Instant now) const override;
  std::string describe_counters() const override;
  std::string describe_setup() const override;
  std::string describe_purpose() const override;

 private:
  void handle_state_loss(Instant now);

  RunOptions options_;
  Random& random_;
  Nat44Setup setup_;
  Nat nat_;
  std::optional<PortControl> port_control_;
  std::optional<UpnpService> upnp_;
  std::optional<HealthChecks> health_;
};

}  // namespace stile::nat::shell
