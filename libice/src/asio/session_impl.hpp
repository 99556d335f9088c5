#pragma once

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>

#include "asio/mdns_responder.hpp"
#include "asio/peer_listener.hpp"
#include "asio/shared_port_impl.hpp"
#include "stile/asio/clock.hpp"
#include "stile/asio/mdns_resolver.hpp"
#include "stile/asio/network_monitor.hpp"
#include "stile/asio/server_finder.hpp"
#include "stile/asio/session.hpp"
#include "stile/base/random.hpp"

namespace stile::ice {

/// Lives as long as an operation of Asio holds it, so that callbacks may destroy their Session.
struct Session::Impl : std::enable_shared_from_this<Impl> {
  using UdpSocket = boost::asio::ip::udp::socket;

  Impl(boost::asio::any_io_executor where, const Config& config, Callbacks what,
       const TlsTrust& trust, const std::optional<Proxy>& proxy);
  /// Before anything else: from now on UDP is done by the shared port.
  void use(std::shared_ptr<SharedPort::Impl> port);

  /// Carries out commands, tells events, and sets the timer; after each input.
  void drain();
  void close();
  /// A restart tells of candidates anew.
  void begin_again(const std::vector<IpAddress>& addresses);
  /// That the session has another ufrag now.
  void tell_shared_port() {
    if (shared_port_ && !closed_) shared_port_->rename(owner_, agent.local_credentials().ufrag);
  }
  void find_server(const turn::ServerUri& uri, const turn::Credentials& credentials);
  void find_candidate(NamedCandidate named);
  /// When the last name has been found, or not.
  void end_remote_candidates();
  std::error_code send(Bytes data, ComponentId component);
  /// The addresses that the filter takes are looked up again whenever they may have changed.
  void watch_network(const InterfaceFilter& filter);

  void wait_gathered(std::function<void(std::error_code, std::vector<Candidate>)> handler);
  void wait_connected(std::function<void(std::error_code)> handler);
  void wait_received(std::function<void(std::error_code, ByteVector)> handler);

  Instant deadline() const;

  boost::asio::any_io_executor executor;
  SystemRandom random;
  Agent agent;
  std::optional<MdnsResolver> resolver;
  std::optional<ServerFinder> finder;
  std::function<void(int)> watch_descriptor;
  std::optional<NetworkMonitor> monitor;

 private:
  void add_found(const turn::ServerUri& uri, const turn::Credentials& credentials,
                 const std::vector<turn::ServerPlace>& places);
  void carry_out(const OpenSocket& command);
  void carry_out(const OpenConnection& command);
  void carry_out(const CarryFrames& command);
  void carry_out(const OpenListener& command);
  void carry_out(const ConnectToPeer& command);
  void carry_out(const CloseSocket& command);
  void carry_out(const SendDatagram& command);
  void carry_out(const AskRouter& command);
  void tell(const LocalCandidateFound& event);
  void tell(const GatheringDone& event);
  void tell(const StateChanged& event);
  void tell(const PairSelected& event);
  void tell(const ServerFailed& event);
  void tell(const PathHealthChanged& event);
  void tell(const RestartNeeded& event);
  Connection::Callbacks callbacks_of(SocketId id, const TransportAddress& other_end);
  void add_connection(SocketId id, std::shared_ptr<Connection> connection);
  void transmit(SocketId from, const TransportAddress& to, Bytes datagram);
  void await_datagram(SocketId id);
  void read_datagrams(SocketId id);
  void take_shared(const IpAddress& at, const TransportAddress& from, MutableBytes datagram);
  void take_local_addresses(std::span<const IpAddress> addresses);
  void take_message(SocketId id, const TransportAddress& from, MutableBytes message);
  void take_data(ComponentId component, Bytes data);
  void set_timer();
  bool carry_out_commands();
  void end_waiting(SessionErrc code);

  std::shared_ptr<const Callbacks>
      callbacks_;  ///< held while one of them runs: it may destroy the session
  boost::asio::steady_timer timer_;
  Instant timer_set_for_ = never;
  std::map<SocketId, std::unique_ptr<UdpSocket>> sockets_;
  std::optional<MdnsResponder> responder_;
  std::shared_ptr<SharedPort::Impl> shared_port_;
  Mux::Owner owner_ = 0;                          ///< at the shared port
  std::map<SocketId, IpAddress> shared_sockets_;  ///< there, by local address
  Connector connector_;
  std::map<SocketId, std::shared_ptr<Connection>> connections_;
  std::map<SocketId, std::shared_ptr<PeerListener>> listeners_;
  bool draining_ = false;
  bool closed_ = false;

  std::vector<Candidate> candidates_;
  bool gathered_ = false;
  std::size_t servers_asked_for_ = 0;
  std::size_t names_asked_for_ = 0;
  bool remotes_end_ = false;
  std::function<void(std::error_code, std::vector<Candidate>)> gathered_handler_;
  std::function<void(std::error_code)> connected_handler_;
  std::function<void(std::error_code, ByteVector)> received_handler_;
  std::deque<ByteVector> unread_;

  static constexpr std::size_t longest_datagram = 65'536;
  ByteVector input_;  ///< once there is a socket
  ByteVector output_;
};

}  // namespace stile::ice
