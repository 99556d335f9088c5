#pragma once

#include <functional>
#include <vector>

#include "nat/core/balancer.hpp"
#include "nat/shell/descriptor.hpp"
#include "nat/shell/service.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat::shell {

/// Asks the servers behind balancers again and again how they are: those of TCP for a connection,
/// those of UDP for an answer to a ping. The kernel's own stack does it, from the inside address.
class HealthChecks : public Service {
 public:
  using Report = std::function<void(Instant now, const TransportAddress& server, bool is_well)>;
  /// Throws Problem.
  HealthChecks(const std::vector<Balancer>& balancers, Duration interval, Report report);

  int fd() const override { return epoll_.get(); }
  void handle_ready(Instant now) override;
  Instant poll_timeout() const override { return next_round_; }
  /// A new round, if it is time for one; who has not answered in the last has failed in it.
  void handle_due(Instant now) override;

 private:
  // One lost packet does not make a server ill.
  static constexpr int failures_to_ill = 2;

  struct Server {
    TransportAddress address;
    Protocol protocol = Protocol::tcp;
    Descriptor connection;  ///< that is being made
    bool has_answered = true;
    int failures = 0;
    bool is_well = true;
  };

  void begin_check(Instant now, std::size_t index);
  void connect(Instant now, std::size_t index);
  void ping(std::size_t index);
  void read_pings(Instant now);
  void settle(Instant now, Server& server);
  void answered(Instant now, Server& server);

  std::vector<Server> servers_;
  Duration interval_;
  Report report_;
  Descriptor epoll_;
  Descriptor ping_socket_;  ///< if there is a server of UDP
  Instant next_round_{};
};

}  // namespace stile::nat::shell
