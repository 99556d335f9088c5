#pragma once

#include "nat/portmap/pinhole_server.hpp"
#include "nat/shell/descriptor.hpp"
#include "nat/shell/interface.hpp"
#include "nat/shell/service.hpp"

namespace stile::nat::shell {

/// PCP (RFC 6887) on UDP port 5351 of the firewall's inside address.
class PinholeControl : public Service {
 public:
  /// `firewall` outlives this. Throws Problem.
  PinholeControl(const portmap::Config& config, const Interface& inside, Firewall& firewall,
                 Instant now);

  int fd() const override { return socket_.get(); }
  void handle_ready(Instant now) override;
  void handle_due(Instant now) override;
  Instant poll_timeout() const override { return server_.poll_timeout(); }
  void handle_state_loss(Instant now) { server_.handle_state_loss(now); }
  const portmap::Counters& counters() const { return server_.counters(); }

 private:
  void send(Bytes datagram, const TransportAddress& to);

  int interface_;
  Descriptor socket_;
  portmap::PinholeServer server_;
};

}  // namespace stile::nat::shell
