#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>

#include "stile/asio/connection.hpp"

namespace stile {

/// A TCP connection with a peer (RFC 6544) that carries messages of up to 65535 bytes, each with
/// its length in front (RFC 4571).
class PeerStream final : public Connection, public std::enable_shared_from_this<PeerStream> {
 public:
  using Tcp = boost::asio::ip::tcp;

  /// To be opened, from `local` (port 0: any; else it may be a listener's, too).
  PeerStream(boost::asio::any_io_executor executor, TransportAddress local, TransportAddress remote,
             Callbacks callbacks);
  /// Accepted already; on_connected is not called.
  PeerStream(Tcp::socket accepted, Callbacks callbacks);

  void connect() override;
  void send(Bytes message) override;
  void close() override;
  Instant deadline() const override;

 private:
  bool open();
  void be_connected();
  void fail(const std::string& reason);
  void read();
  bool take_messages();
  void write();
  void end();

  TransportAddress local_;
  TransportAddress remote_;
  Callbacks callbacks_;
  Tcp::socket tcp_;
  boost::asio::steady_timer patience_;
  bool connected_ = false;
  bool closing_ = false;
  ByteVector input_;
  std::size_t filled_ = 0;
  std::deque<ByteVector> unsent_;
  std::size_t unsent_bytes_ = 0;
};

}  // namespace stile
