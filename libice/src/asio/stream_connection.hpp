#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <optional>

#include "asio/proxy_tunnel.hpp"
#include "stile/asio/connection.hpp"

namespace stile {

/// Over TCP, or with a context over TLS; through a proxy, if there is one.
class StreamConnection final : public Connection,
                               public std::enable_shared_from_this<StreamConnection> {
 public:
  StreamConnection(boost::asio::any_io_executor executor, TransportAddress server, std::string host,
                   std::shared_ptr<boost::asio::ssl::context> tls, Callbacks callbacks,
                   std::optional<Proxy> proxy = {}, std::optional<TransportAddress> local = {});

  void connect() override;
  void send(Bytes message) override;
  void carry_frames() override { carries_frames_ = true; }
  void close() override;
  Instant deadline() const override;

 private:
  using Tls = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

  bool open(const boost::asio::ip::tcp& protocol);
  void tell_proxy(ByteVector words);
  void hear_proxy();
  void begin();
  void shake_hands();
  void be_connected();
  void fail(const std::string& reason);
  void read();
  bool take_messages();
  std::optional<MutableBytes> take_message(std::size_t& taken);
  void write();
  void end();
  std::string in_words(boost::system::error_code error);
  template <class Do>
  void with_stream(Do&& act) {
    if (tls_)
      act(*tls_);
    else
      act(tcp_);
  }

  TransportAddress server_;
  std::string host_;
  std::shared_ptr<boost::asio::ssl::context> context_;
  Callbacks callbacks_;
  std::optional<Proxy> proxy_;
  std::optional<TransportAddress> local_;
  std::optional<ProxyTunnel> tunnel_;  ///< until it is open
  boost::asio::ip::tcp::socket tcp_;
  std::optional<Tls> tls_;
  boost::asio::steady_timer patience_;
  bool connected_ = false;
  bool closing_ = false;
  bool carries_frames_ = false;
  ByteVector input_;
  std::size_t filled_ = 0;
  std::deque<ByteVector> unsent_;
  std::size_t unsent_bytes_ = 0;
};

}  // namespace stile
