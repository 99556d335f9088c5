#pragma once

#include "nat/ipv6/dns64.hpp"
#include "nat/shell/descriptor.hpp"

namespace stile::nat::shell {

/// `--dns64 RESOLVER`: Dns64 on UDP port 53 of the inside address, over ordinary sockets.
class Dns64Server {
 public:
  /// `random` outlives this. Throws Problem.
  Dns64Server(const IpAddress& inside, const TransportAddress& resolver, const Prefix64& prefix,
              Random& random);

  /// Readable when something has come.
  int fd() const { return epoll_.get(); }
  void handle_ready(Instant now);
  Instant poll_timeout() const { return dns64_.poll_timeout(); }
  void handle_timeout(Instant now) { dns64_.handle_timeout(now); }
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
