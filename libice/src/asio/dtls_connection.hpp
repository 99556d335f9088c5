#pragma once

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "stile/asio/connection.hpp"

struct ssl_st;

namespace stile {

/// RFC 7350: each message is a DTLS record. OpenSSL reads and writes the socket by itself; Asio
/// says when it can.
class DtlsConnection final : public Connection,
                             public std::enable_shared_from_this<DtlsConnection> {
 public:
  DtlsConnection(boost::asio::any_io_executor executor, TransportAddress server, std::string host,
                 std::shared_ptr<boost::asio::ssl::context> context, Callbacks callbacks);

  void connect() override;
  void send(Bytes message) override;
  void close() override;
  Instant deadline() const override;

 private:
  boost::system::error_code open();
  void shake_hands();
  void await_datagram();
  void await_retransmission();
  void read_messages();
  void fail(const std::string& reason);
  void end();

  TransportAddress server_;
  std::string host_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  Callbacks callbacks_;
  boost::asio::ip::udp::socket udp_;
  boost::asio::steady_timer retransmission_;
  boost::asio::steady_timer patience_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> session_;
  bool connected_ = false;
  bool closing_ = false;
  ByteVector input_;
};

}  // namespace stile
