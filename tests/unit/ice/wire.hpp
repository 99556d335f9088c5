#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "stile/ice/agent.hpp"
#include "stile/stun/attributes.hpp"

namespace stile::ice::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// An agent with what has become of it.
struct Peer {
  Peer(std::uint64_t seed, Config config, IpAddress address)
      : random(seed), agent(std::move(config), random), ip(address) {}

  SeededRandom random;
  Agent agent;
  IpAddress ip;
  std::optional<IpAddress> second_ip;
  bool owns(const IpAddress& address) const { return address == ip || address == second_ip; }
  std::map<SocketId, TransportAddress> sockets;
  std::vector<OpenConnection> connections;  ///< that it asked for
  std::vector<ConnectToPeer> streams;       ///< likewise
  std::map<SocketId, SocketId> other_ends;  ///< of connections with the other peer
  std::vector<SocketId> closed;
  std::vector<Candidate> candidates;
  bool gathering_done = false;
  std::vector<State> states;
  std::string reason;
  std::optional<PairSelected> selected;  ///< the last one
  std::map<ComponentId, PairSelected> all_selected;
  std::vector<ServerFailed> failed_servers;
  std::vector<PathHealthChanged> path_changes;
  int restarts_needed = 0;
  std::vector<std::string> received;
};

struct Datagram {
  Instant at;
  TransportAddress from;
  TransportAddress to;
  ByteVector bytes;
  std::optional<SocketId> connection =
      {};  ///< with TCP: of the receiver, or if that is a server of the sender
};

/// Two agents on a wire with a delay; what a test does to datagrams on their way is `filter` (true:
/// let pass). Addresses that belong to neither go to `elsewhere`.
class Wire {
 public:
  explicit Wire(Config a = {.role = Role::controlling}, Config b = {.role = Role::controlled});

  Peer a, b;
  Instant now{};
  Duration delay = milliseconds(10);
  bool connections_work = true;  ///< with servers
  /// Those that are neither made nor refused by themselves.
  std::function<bool(const OpenConnection&)> connection_hangs = [](const auto&) { return false; };
  bool streams_work = true;  ///< TCP between the agents
  bool signalling = true;    ///< candidates are told to the other side at once
  std::function<bool(Datagram&)> filter = [](Datagram&) { return true; };
  std::function<std::optional<ByteVector>(const Datagram&)> elsewhere;
  /// Whether somebody who is neither agent takes a connection.
  std::function<bool(const TransportAddress& from, const TransportAddress& to)> accepts_elsewhere;

  void gather(Peer& peer);
  /// The peer's host has these addresses from now on, and the agent is told.
  void move(Peer& peer, IpAddress first, std::optional<IpAddress> second = {});
  void introduce();  ///< each learns the other's credentials
  void connect();    ///< both gather, are introduced, and run until both have completed or failed
  void restart();    ///< both start anew, and are told of each other again
  void run_for(Duration duration);
  bool run_until(const std::function<bool()>& done, Duration limit = seconds(60));
  void send(Peer& from, const std::string& text, ComponentId component = {});
  /// To the socket at this address, or to the first one.
  void deliver(Peer& to, const TransportAddress& from, Bytes bytes,
               std::optional<TransportAddress> at = {});
  void drain(Peer& peer);
  void carry(Peer& from, SocketId socket, const TransportAddress& to, Bytes bytes);

 private:
  void connect(Peer& peer, const ConnectToPeer& wanted);
  void disconnect(Peer& peer, SocketId id);
  void give(Peer& to, SocketId socket, const TransportAddress& from, Bytes bytes);
  Peer& other(const Peer& peer) { return &peer == &a ? b : a; }
  bool step(Instant limit);
  std::deque<Datagram> in_flight_;
};

/// A Binding request as a peer with these credentials would send it.
struct CheckText {
  std::string username;
  std::string password;
  std::optional<std::uint64_t> controlling;
  std::optional<std::uint64_t> controlled;
  std::uint32_t priority = 1845494271;
  bool use_candidate = false;
  bool integrity = true;
};
ByteVector binding_request(const CheckText& check, const stun::TransactionId& id = {});

}  // namespace stile::ice::test
