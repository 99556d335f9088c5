#pragma once

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <map>

#include "stile/asio/clock.hpp"
#include "stile/asio/mdns_resolver.hpp"
#include "stile/asio/session.hpp"
#include "stile/base/random.hpp"

namespace stile::ice {

/// Lives as long as an operation of Asio holds it, so that callbacks may destroy their Session.
struct Session::Impl : std::enable_shared_from_this<Impl> {
  using UdpSocket = boost::asio::ip::udp::socket;

  Impl(boost::asio::any_io_executor where, const Config& config, Callbacks what,
       const TlsTrust& trust);

  /// Carries out commands, tells events, and sets the timer; after each input.
  void drain();
  void close();
  /// A restart tells of candidates anew.
  void begin_again(const std::vector<IpAddress>& local_addresses) {
    candidates_.clear();
    gathered_ = false;
    resolver.emplace(executor,
                     local_addresses);  // what was asked for belongs to a session that is over
    names_asked_for_ = 0;
    remotes_end_ = false;
  }
  void find_candidate(NamedCandidate named);
  /// When the last name has been found, or not.
  void end_remote_candidates();
  std::error_code send(Bytes data, ComponentId component);

  void wait_gathered(std::function<void(std::error_code, std::vector<Candidate>)> handler);
  void wait_connected(std::function<void(std::error_code)> handler);
  void wait_received(std::function<void(std::error_code, ByteVector)> handler);

  Instant deadline() const;

  boost::asio::any_io_executor executor;
  SystemRandom random;
  Agent agent;
  std::optional<MdnsResolver> resolver;
  std::function<void(int)> watch_descriptor;

 private:
  void carry_out(const OpenSocket& command);
  void carry_out(const OpenConnection& command);
  void carry_out(const CloseSocket& command);
  void carry_out(const SendDatagram& command);
  void tell(const LocalCandidateFound& event);
  void tell(const GatheringDone& event);
  void tell(const StateChanged& event);
  void tell(const PairSelected& event);
  void tell(const ServerFailed& event);
  void transmit(SocketId from, const TransportAddress& to, Bytes datagram);
  void await_datagram(SocketId id);
  void read_datagrams(SocketId id);
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
  Connector connector_;
  std::map<SocketId, std::shared_ptr<Connection>> connections_;
  bool draining_ = false;
  bool closed_ = false;

  std::vector<Candidate> candidates_;
  bool gathered_ = false;
  std::size_t names_asked_for_ = 0;
  bool remotes_end_ = false;
  std::function<void(std::error_code, std::vector<Candidate>)> gathered_handler_;
  std::function<void(std::error_code)> connected_handler_;
  std::function<void(std::error_code, ByteVector)> received_handler_;
  std::deque<ByteVector> unread_;

  static constexpr std::size_t longest_datagram = 65'536;
  ByteVector input_ = ByteVector(datagram_headroom + longest_datagram + datagram_tailroom);
  ByteVector output_;
};

}  // namespace stile::ice
