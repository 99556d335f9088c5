#include "asio/peer_listener.hpp"

#include <utility>

#include "asio/bind_within.hpp"
#include "asio/port_reuse.hpp"
#include "stile/asio/endpoint.hpp"

namespace stile {

std::expected<TransportAddress, std::string> PeerListener::listen(const TransportAddress& local,
                                                                  PortRange ports, Random& random) {
  const Tcp::endpoint wanted(to_asio(local.ip), local.port);
  boost::system::error_code error;
  acceptor_.open(wanted.protocol(), error);
  if (!error) bind_within(acceptor_, wanted, ports, random, error);
  // Only now: a port of another listener, which would lend it, is not free.
  if (!error) reuse_port(acceptor_, error);
  if (!error) acceptor_.listen(Tcp::acceptor::max_listen_connections, error);
  if (error) return std::unexpected(bind_problem(ports, error));
  const auto bound = acceptor_.local_endpoint(error);
  if (error) return std::unexpected(error.message());
  accept();
  return TransportAddress{from_asio(bound.address()), bound.port()};
}

void PeerListener::accept() {
  acceptor_.async_accept(
      [self = shared_from_this()](boost::system::error_code error, Tcp::socket socket) {
        if (!self->accepted_ || (error && error != boost::asio::error::connection_aborted)) return;
        boost::system::error_code gone;
        const auto from = socket.remote_endpoint(gone);
        if (!error && !gone)
          self->accepted_(std::move(socket), {from_asio(from.address()), from.port()});
        if (self->accepted_) self->accept();
      });
}

void PeerListener::close() {
  accepted_ = {};
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

}  // namespace stile
