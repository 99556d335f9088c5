#pragma once

#include <functional>
#include <memory>
#include <variant>
#include <vector>

#include "server/core/alarms.hpp"
#include "server/core/relay.hpp"
#include "server/shell/data_connection.hpp"
#include "server/shell/poller.hpp"

namespace stile::server {

/// One worker's TCP connections with peers (RFC 6062): those that are being made, those that wait
/// for a client's ConnectionBind, and those that are joined with a client's connection.
class PeerConnections {
 public:
  using Id = relay::PeerConnectionId;
  struct Handler {
    std::function<void(Id, bool connected)> connected;
    /// Bytes; the answer is from when on each side may be read.
    std::function<relay::ReadAgain(Id, std::size_t to_peer, std::size_t from_peer)> relayed;
    std::function<void(Id)> closed;
  };

  PeerConnections(Poller& poller, Handler handler);

  /// From the address of `listener`.
  void connect(Id id, int listener, const TransportAddress& peer);
  /// It has been accepted.
  void add(Id id, Descriptor socket);
  /// `early`: what the client has sent already.
  void join(Instant now, Id id, Stream client, Bytes early);
  void close(Id id);
  /// Other limits count now: asks for each connection when it may be read.
  void ask_again(Instant now);

  void handle(Instant now, const Poller::Event& event);
  Instant poll_timeout() const { return std::min(next_sweep_, held_up_.earliest()); }
  void handle_timeout(Instant now);

 private:
  struct Attempt {
    Descriptor socket;
  };
  /// Not polled: what the peer sends waits in the kernel, whose window closes when it has its
  /// share.
  struct Waiting {
    Descriptor socket;
  };
  struct Joined {
    std::unique_ptr<DataConnection> connection;
    std::uint32_t polled_client = 0;
    std::uint32_t polled_peer = 0;
  };
  struct Slot {
    std::uint32_t generation = 0;
    std::variant<std::monostate, Attempt, Waiting, Joined> state;
  };

  Slot* find(Id id);
  void put(Id id, std::variant<std::monostate, Attempt, Waiting, Joined> state);
  void end_attempt(Id id, Slot& slot);
  void relay(Instant now, Id id, Joined& joined);
  void count(Id id, Joined& joined, const DataConnection::Relayed& relayed);
  void poll(Instant now, Id id, Joined& joined);
  void sweep(Instant now);
  void poll(Watched watched, int fd, std::uint32_t& polled, std::uint32_t interest);

  Poller& poller_;
  Handler handler_;
  std::vector<Slot> slots_;  ///< by the index of the id
  std::size_t joined_ = 0;
  Instant next_sweep_ = never;
  relay::Alarms<Id> held_up_;  ///< connections that are to be read again
  ByteVector buffer_;
};

}  // namespace stile::server
