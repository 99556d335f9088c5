#pragma once

#include "nat/portmap/server.hpp"
#include "nat/shell/descriptor.hpp"
#include "nat/shell/interface.hpp"
#include "nat/shell/service.hpp"

namespace stile::nat::shell {

/// PCP and NAT-PMP (RFC 6887, RFC 6886) on UDP port 5351 of the inside address.
class PortControl : public Service {
 public:
  /// `nat` outlives this. Throws Problem.
  PortControl(const portmap::Config& config, const Interface& inside, Nat& nat, Instant now);

  int fd() const override { return socket_.get(); }
  /// The inside address that is listened on.
  const IpAddress& address() const { return address_; }
  void handle_ready(Instant now) override;
  void handle_state_loss(Instant now) { server_.handle_state_loss(now); }
  void handle_due(Instant now) override;
  Instant poll_timeout() const override { return server_.poll_timeout(); }
  const portmap::Counters& counters() const { return server_.counters(); }

 private:
  void send(Bytes datagram, const TransportAddress& to);

  IpAddress address_;
  Descriptor socket_;
  portmap::Server server_;
};

}  // namespace stile::nat::shell
