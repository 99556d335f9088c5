#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "server/shell/poller.hpp"
#include "server/shell/receive_batch.hpp"
#include "stile/base/instant.hpp"
#include "tests/bench/load/delays.hpp"
#include "tests/bench/load/turn_client.hpp"

namespace stile::bench {

/// Who carries the datagrams between the clients and the peer.
enum class Carrier : std::uint8_t {
  relay,      ///< a TURN server: one allocation and one channel for each client
  forwarder,  ///< forward.hpp's
  nobody      ///< they go straight: what the load itself costs
};

struct Plan {
  TransportAddress server, client, peer;  ///< the ports of clients are any
  Account account;
  int pid = 0;  ///< the server's
  Carrier carrier = Carrier::relay;
  unsigned clients = 50;
  unsigned bytes = 200;  ///< of application data in each datagram, at least 12
  double legs_per_second =
      0;  ///< of all clients together, half of them each way; 0: as many as can be sent
  unsigned burst = 1;  ///< datagrams that a client or its peer sends at a time
  bool joined = false;
  bool flooder =
      false;  ///< the first client sends as much as it can, the others keep to legs_per_second
  double seconds = 3;
};

/// A leg is one datagram through the server in one direction.
struct Result {
  std::uint64_t sent = 0, legs = 0;
  std::uint64_t legs_in_time = 0;                  ///< before the end of `seconds`
  std::uint64_t others_sent = 0, others_legs = 0;  ///< of all clients but the first
  double cpu_seconds = 0;                          ///< the server's threads
  double load_seconds = 0;  ///< this thread's, while it sent and received; not while it looked
  Delays delays;            ///< with a flooder: of the others
};

/// Clients with channels, and the peer that they share, in one thread.
class Traffic {
 public:
  explicit Traffic(const Plan& plan);
  Result run();

 private:
  struct Sender {
    server::Descriptor direct;  ///< without a relay
    std::unique_ptr<TurnClient> turn;
    server::SocketAddress relayed;  ///< where the peer sends to
    std::uint64_t sent = 0, legs = 0;
    int fd() const { return turn ? turn->fd() : direct.fd(); }
  };
  void add_client(unsigned index);
  void shoot(unsigned index, bool upstream, unsigned count);
  void shoot_due(Instant start, Instant now);
  /// Whether there was anything.
  bool receive(bool in_time);
  void receive_at(int fd, std::size_t header, bool in_time);

  Plan plan_;
  server::Descriptor peer_;
  std::vector<Sender> clients_;
  server::Poller poller_;
  server::ReceiveBatch batch_;
  std::vector<std::uint8_t> datagram_;
  std::uint64_t shots_ = 0;
  Result result_;
};

}  // namespace stile::bench
