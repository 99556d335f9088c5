#pragma once

#include <optional>

#include "nat/sim/host.hpp"
#include "nat/sim/tcp.hpp"
#include "stile/ice/agent.hpp"

namespace stile::sim {

/// An agent on a host, that tells its candidates to another over a signalling path of its own,
/// and greets the other as soon as it can.
class AgentNode {
 public:
  AgentNode(World& world, const std::string& name, Segment& segment, const IpAddress& address,
            ice::Config config);

  /// Each tells the other of itself, `signalling_delay` late, and begins.
  static void introduce(AgentNode& a, AgentNode& b, Duration signalling_delay);

  const ice::Agent& agent() const { return agent_; }
  const std::optional<ice::PairSelected>& selected() const { return selected_; }
  const std::optional<ice::PairSelected>& first_selected() const { return first_selected_; }
  /// When the first greeting of the other arrived.
  std::optional<Instant> first_heard() const { return first_heard_; }
  std::size_t heard() const { return heard_; }
  void greet();
  /// RFC 8445 §9; the other follows when it hears of it.
  void restart();
  /// Told each event as a line, for people.
  std::function<void(const std::string& line)> on_line;

 private:
  void begin();
  void tell_parameters();
  void tell_candidate(const ice::Candidate& candidate);
  bool trickles() const;
  void take(const ice::Parameters& parameters);
  void take(const ice::OpenSocket& command);
  void take(const ice::OpenConnection& command);
  void take(const ice::CarryFrames&) {}  // no TCP at a relay is asked for
  void take(const ice::OpenListener& command);
  void take(const ice::ConnectToPeer& command);
  void take(const ice::CloseSocket& command);
  void take(const ice::SendDatagram& command);
  void take(const ice::AskRouter&) {}  // the simulated routers know no UPnP
  void tell(const ice::Event& event);
  void connect(ice::SocketId id, TransportAddress local, const TransportAddress& remote,
               bool to_server);
  Tcp::Callbacks callbacks_of(ice::SocketId id);
  void take_bytes(ice::SocketId id, Bytes bytes);
  void take_datagram(ice::SocketId id, const TransportAddress& from, MutableBytes datagram);
  void transmit(ice::SocketId from, const TransportAddress& to, Bytes datagram,
                std::optional<std::uint8_t> ttl = {});
  void signal(std::function<void(AgentNode&)> what);
  void drain();
  void say(const std::string& text);

  World& world_;
  std::string name_;
  IpAddress address_;
  SeededRandom random_;
  Host host_;
  Tcp tcp_;
  ice::Agent agent_;
  Alarm alarm_;
  /// With frames of RFC 4571; of messages that tell their length themselves, if the other end is a
  /// server.
  struct Stream {
    Tcp::Ends ends;
    ByteVector input = {};
    bool to_server = false;
  };
  std::map<ice::SocketId, TransportAddress> sockets_;
  std::map<ice::SocketId, Stream> streams_;
  std::uint16_t next_port_ = 0;
  AgentNode* other_ = nullptr;
  Duration signalling_delay_{};
  std::vector<ice::Candidate> untold_;  ///< without trickle: until all are gathered
  std::optional<ice::PairSelected> selected_;
  std::optional<ice::PairSelected> first_selected_;
  std::optional<Instant> first_heard_;
  std::size_t heard_ = 0;
};

}  // namespace stile::sim
