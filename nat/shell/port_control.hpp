#pragma once

#include <memory>

#include "nat/portmap/pcp_server.hpp"
#include "nat/shell/descriptor.hpp"
#include "nat/shell/interface.hpp"
#include "nat/shell/service.hpp"

namespace stile::nat::shell {

/// A server of PCP, and NAT-PMP if it knows that (RFC 6887, RFC 6886), on UDP port 5351 of an
/// inside address.
class PortControl : public Service {
 public:
  /// `purpose` is what a Problem says that the socket was for. Throws Problem.
  PortControl(const Interface& inside, const IpAddress& address, const std::string& purpose,
              std::unique_ptr<portmap::PcpServer> server);

  int fd() const override { return socket_.get(); }
  void handle_ready(Instant now) override;
  void handle_state_loss(Instant now) { server_->handle_state_loss(now); }
  void handle_due(Instant now) override;
  Instant poll_timeout() const override { return server_->poll_timeout(); }
  const portmap::Counters& counters() const { return server_->counters(); }

 private:
  void send(Bytes datagram, const TransportAddress& to);

  int interface_;
  TransportAddress all_hosts_;
  Descriptor socket_;
  std::unique_ptr<portmap::PcpServer> server_;
};

}  // namespace stile::nat::shell
