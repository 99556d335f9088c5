#pragma once

#include <functional>
#include <vector>

#include "nat/core/balancer.hpp"
#include "nat/shell/descriptor.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat::shell {

/// Asks the servers behind balancers again and again how they are: those of TCP for a connection,
/// those of UDP for an answer to a ping. The kernel's own stack does it, from the inside address.
class HealthChecks {
 public:
  using Report = std::function<void(const TransportAddress& server, bool is_well)>;
  /// Throws Problem.
  HealthChecks(const std::vector<Balancer>& balancers, Duration interval, Report report);

  /// Readable when something has come.
  int fd() const { return epoll_.get(); }
  void handle_ready();
  Instant poll_timeout() const { return next_round_; }
  /// A new round, if it is time for one; who has not answered in the last has failed in it.
  void handle_timeout(Instant now);

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

  void begin_check(std::size_t index);
  void connect(std::size_t index);
  void ping(std::size_t index);
  void read_pings();
  void settle(Server& server);
  void answered(Server& server);

  std::vector<Server> servers_;
  Duration interval_;
  Report report_;
  Descriptor epoll_;
  Descriptor ping_socket_;  ///< if there is a server of UDP
  Instant next_round_{};
};

}  // namespace stile::nat::shell
