#pragma once

#include "nat/ipv6/dns64.hpp"
#include "nat/shell/descriptor.hpp"
#include "nat/shell/service.hpp"

namespace stile::nat::shell {

/// `--dns64 RESOLVER`: Dns64 on UDP port 53 of the inside address, over ordinary sockets.
class Dns64Server : public Service {
 public:
  /// `random` outlives this. Throws Problem.
  Dns64Server(const IpAddress& inside, const TransportAddress& resolver, const Prefix64& prefix,
              Random& random);

  int fd() const override { return epoll_.get(); }
  void handle_ready(Instant now) override;
  Instant poll_timeout() const override { return dns64_.poll_timeout(); }
  void handle_due(Instant now) override { dns64_.handle_timeout(now); }
  const Dns64Counters& counters() const { return dns64_.counters(); }

 private:
  void read_queries(Instant now);
  void read_answers(Instant now);
  void drain();

  Descriptor epoll_;
  Descriptor clients_;
  Descriptor resolver_;
  Dns64 dns64_;
};

}  // namespace stile::nat::shell
