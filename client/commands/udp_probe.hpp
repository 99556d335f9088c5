#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "client/commands/server_address.hpp"
#include "stile/asio/clock.hpp"
#include "stile/asio/endpoint.hpp"

namespace stile {

/// A few UDP sockets and one timer, for commands that drive a small core.
class UdpProbe {
 public:
  using OnDatagram =
      std::function<void(std::size_t socket, const TransportAddress& from, MutableBytes datagram)>;

  UdpProbe(boost::asio::io_context& context, std::size_t count, const IpAddress& local,
           OnDatagram on_datagram)
      : timer_(context), on_datagram_(std::move(on_datagram)) {
    for (std::size_t i = 0; i < count; ++i) {
      sockets_.push_back(std::make_unique<Socket>(context, to_asio(TransportAddress{local, 0})));
      receive(i);
    }
  }

  TransportAddress local(std::size_t socket) const {
    return from_asio(sockets_[socket]->udp.local_endpoint());
  }

  void send(std::size_t socket, const TransportAddress& to, Bytes datagram) {
    boost::system::error_code refused;
    sockets_[socket]->udp.send_to(boost::asio::buffer(datagram.data(), datagram.size()),
                                  to_asio(to), 0, refused);
  }

  void wake_at(Instant when, std::function<void()> then) {
    timer_.cancel();
    if (when == never) return;
    timer_.expires_at(steady_time(when));
    timer_.async_wait([then = std::move(then)](boost::system::error_code error) {
      if (!error) then();
    });
  }

 private:
  struct Socket {
    Socket(boost::asio::io_context& context, const boost::asio::ip::udp::endpoint& local)
        : udp(context, local) {}
    boost::asio::ip::udp::socket udp;
    boost::asio::ip::udp::endpoint from;
    std::array<std::uint8_t, datagram_headroom + 2048 + datagram_tailroom> input{};
  };

  void receive(std::size_t index) {
    Socket& socket = *sockets_[index];
    const auto room = boost::asio::buffer(socket.input.data() + datagram_headroom, 2048);
    socket.udp.async_receive_from(room, socket.from,
                                  [this, index](boost::system::error_code error, std::size_t size) {
                                    if (error == boost::asio::error::operation_aborted) return;
                                    Socket& ready = *sockets_[index];
                                    if (!error)
                                      on_datagram_(index, from_asio(ready.from),
                                                   {ready.input.data() + datagram_headroom, size});
                                    receive(index);
                                  });
  }

  std::vector<std::unique_ptr<Socket>> sockets_;
  boost::asio::steady_timer timer_;
  OnDatagram on_datagram_;
};

/// The address that datagrams to `server` leave from. Throws CommandError if there is no route.
inline IpAddress source_towards(boost::asio::io_context& context, const TransportAddress& server) {
  boost::asio::ip::udp::socket socket(context);
  boost::system::error_code error;
  socket.open(to_asio(server).protocol(), error);
  if (!error) socket.connect(to_asio(server), error);
  if (error) throw no_route(server, error.message());
  return from_asio(socket.local_endpoint()).ip;
}

}  // namespace stile
