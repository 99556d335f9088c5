#pragma once

#include <array>
#include <boost/asio/ip/udp.hpp>
#include <functional>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "stile/asio/local_addresses.hpp"
#include "stile/asio/network_monitor.hpp"
#include "stile/asio/shared_port.hpp"
#include "stile/ice/agent.hpp"

namespace stile::ice {

struct SharedPort::Impl : std::enable_shared_from_this<Impl> {
  using Owner = Mux::Owner;
  /// What becomes of what comes for a session. `at` is the local address that it came to.
  struct Receiver {
    std::function<void(const IpAddress& at, const TransportAddress& from, MutableBytes)> take;
    std::function<void(std::span<const IpAddress>)> take_addresses;
    InterfaceFilter filter{};
  };

  Impl(boost::asio::any_io_executor where, std::uint16_t wanted, MuxLimits mux_limits)
      : executor(std::move(where)), port(wanted), limits(mux_limits) {}

  Owner join(std::string ufrag, Receiver receiver);
  void leave(Owner owner);
  /// After a restart.
  void rename(Owner owner, std::string ufrag);
  /// At this address from now on; our end of it, or why not.
  std::expected<TransportAddress, std::string> open(Owner owner, const IpAddress& local);
  void close(Owner owner, const IpAddress& local);
  void send(Owner owner, const IpAddress& local, const TransportAddress& to, Bytes datagram);
  void watch_network(Owner owner, const InterfaceFilter& filter);

  struct Socket {
    Socket(const boost::asio::any_io_executor& executor, MuxLimits limits)
        : udp(executor), mux(limits) {}
    boost::asio::ip::udp::socket udp;
    Mux mux;
  };
  struct Member {
    std::string ufrag;
    std::shared_ptr<const Receiver> receiver;
  };

  std::string bind(Socket& socket, const IpAddress& local);
  void await_datagram(const std::shared_ptr<Socket>& socket, const IpAddress& local);
  void read_datagrams(const std::shared_ptr<Socket>& socket, const IpAddress& local);
  void tell_addresses();

  boost::asio::any_io_executor executor;
  std::uint16_t port;
  MuxLimits limits;
  MuxCounters of_closed_sockets{};
  std::map<IpAddress, std::shared_ptr<Socket>> sockets;
  std::unordered_map<Owner, Member> members;
  std::optional<NetworkMonitor> monitor;
  Owner last_owner = 0;

  static constexpr std::size_t longest_datagram = 65'536;
  ByteVector input = ByteVector(datagram_headroom + longest_datagram + datagram_tailroom);
};

}  // namespace stile::ice
