#pragma once

#include <functional>
#include <map>
#include <optional>

#include "nat/packet/tcp.hpp"
#include "nat/sim/world.hpp"
#include "stile/base/address.hpp"

namespace stile::sim {

/// As much of TCP (RFC 9293) as a simulated host needs: connections that are opened from one end,
/// or from both at once (§3.5), whose bytes arrive in order whatever is lost, and which end by a
/// reset. No windows, no orderly end.
class Tcp {
 public:
  struct Ends {
    TransportAddress local;
    TransportAddress remote;
    friend auto operator<=>(const Ends&, const Ends&) = default;
  };
  struct Callbacks {
    std::function<void(bool opened)> on_opened;  ///< not of what was accepted
    std::function<void(Bytes bytes)> on_bytes;
    std::function<void()> on_ended;
  };
  /// Who takes a connection that has come, or nobody.
  using Accept = std::function<std::optional<Callbacks>(const TransportAddress& from)>;
  using SendPacket = std::function<void(Bytes packet)>;

  Tcp(World& world, const std::string& name, SendPacket send)
      : world_(world), random_(world.random_for("tcp " + name)), send_(std::move(send)) {}

  void listen(const TransportAddress& local, Accept accept) {
    listeners_[local] = std::move(accept);
  }
  void end_listening(const TransportAddress& local) { listeners_.erase(local); }
  void connect(const Ends& ends, Callbacks callbacks);
  void send(const Ends& ends, Bytes bytes);
  void close(const Ends& ends);

  void receive(const TransportAddress& from, const TransportAddress& to,
               const nat::TcpView& segment);

 private:
  enum class State : std::uint8_t { syn_sent, syn_received, established };
  struct Connection {
    State state = State::syn_sent;
    bool accepted = false;
    std::uint32_t unacknowledged = 0;  ///< sequence number of the first byte in `sent`, or of SYN
    std::uint32_t expected = 0;
    ByteVector sent;
    Callbacks callbacks;
    int tries = 0;
    std::uint64_t timer = 0;
  };

  void receive_unexpected(const Ends& ends, const nat::TcpView& segment);
  void receive_in_syn_sent(const Ends& ends, Connection& connection, const nat::TcpView& segment);
  bool take_acknowledgment(const Ends& ends, Connection& connection, const nat::TcpView& segment);
  bool establish(const Ends& ends);
  void transmit(const Ends& ends, const Connection& connection, std::uint8_t flags,
                std::uint32_t sequence, Bytes bytes = {});
  void transmit_again(const Ends& ends);
  void set_timer(const Ends& ends);
  void end(const Ends& ends);

  World& world_;
  SeededRandom random_;
  SendPacket send_;
  std::map<TransportAddress, Accept> listeners_;
  std::map<Ends, Connection> connections_;
  std::uint64_t timers_ = 0;
};

}  // namespace stile::sim
