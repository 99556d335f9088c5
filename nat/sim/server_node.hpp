#pragma once

#include "nat/sim/host.hpp"
#include "nat/sim/tcp.hpp"
#include "server/core/relay.hpp"

namespace stile::sim {

/// The relay core on a host, on UDP and TCP.
class ServerNode {
 public:
  /// Listens on the configuration's own_addresses, which are the host's.
  ServerNode(World& world, Segment& segment, relay::Config config);
  const relay::Relay& relay() const { return relay_; }

 private:
  void listen(const TransportAddress& address);
  std::optional<Tcp::Callbacks> accept(const Tcp::Ends& ends);
  void take_bytes(const Tcp::Ends& ends, Bytes bytes);
  void send(const FiveTuple& to, Bytes message);
  void take(const relay::Outcome& outcome);
  void take(const relay::OpenRelaySocket& command);
  void take(const relay::CloseRelaySocket& command);
  void take(const relay::SendToClient& command);
  void take(const relay::BindFlow&) {}
  void take(const relay::UnbindFlow&) {}
  void take(const relay::ConnectPeer&) {}  // the simulated hosts have no TCP
  void take(const relay::JoinPeer&) {}
  void take(const relay::ClosePeer&) {}
  void take(const relay::ReleaseClient&) {}
  void drain();

  World& world_;
  SeededRandom random_;
  Host host_;
  Tcp tcp_;
  std::map<Tcp::Ends, ByteVector> streams_;  ///< what has come of messages that are not whole yet
  relay::Relay relay_;
  std::map<relay::RelaySocketId, TransportAddress> relayed_;
  Alarm alarm_;
};

}  // namespace stile::sim
