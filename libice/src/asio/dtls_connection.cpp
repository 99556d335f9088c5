#include "asio/dtls_connection.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "asio/tls.hpp"
#include "stile/asio/endpoint.hpp"

namespace stile {

namespace {

constexpr int records_per_wake_up =
    64;  ///< Limit: so that one connection does not keep others from their turn
constexpr std::size_t longest_record = 16'384;
/// What fits every path with IPv6, less the headers: so that the handshake's flights need no
/// fragments of IP.
constexpr long handshake_mtu = 1200;

}  // namespace

DtlsConnection::DtlsConnection(boost::asio::any_io_executor executor, TransportAddress server,
                               std::string host, std::shared_ptr<boost::asio::ssl::context> context,
                               Callbacks callbacks)
    : server_(server),
      host_(std::move(host)),
      context_(std::move(context)),
      callbacks_(std::move(callbacks)),
      udp_(executor),
      retransmission_(executor),
      patience_(executor),
      session_(SSL_new(context_->native_handle()), SSL_free),
      input_(longest_record) {}

void DtlsConnection::connect() {
  boost::asio::post(udp_.get_executor(), [self = shared_from_this()] {
    if (self->closing_) return;
    if (const auto error = self->open()) return self->fail(error.message());
    self->patience_.expires_after(connection_patience);
    self->patience_.async_wait([self](boost::system::error_code error) {
      if (!error && !self->connected_) self->fail("does not answer");
    });
    self->await_datagram();
    self->shake_hands();
  });
}

boost::system::error_code DtlsConnection::open() {
  const auto endpoint = to_asio(server_);
  boost::system::error_code error;
  udp_.open(endpoint.protocol(), error);
  if (!error) udp_.connect(endpoint, error);
  if (!error) udp_.non_blocking(true, error);
  if (error) return error;
  if (on_descriptor) on_descriptor(udp_.native_handle());
  BIO* wire = BIO_new_dgram(udp_.native_handle(), BIO_NOCLOSE);
  BIO_ctrl(wire, BIO_CTRL_DGRAM_SET_CONNECTED, 0,
           const_cast<boost::asio::detail::socket_addr_type*>(endpoint.data()));
  SSL_set_bio(session_.get(), wire, wire);
  SSL_set_options(session_.get(), SSL_OP_NO_QUERY_MTU);
  SSL_ctrl(session_.get(), SSL_CTRL_SET_MTU, handshake_mtu, nullptr);
  expect_host(session_.get(), host_);
  SSL_set_connect_state(session_.get());
  return {};
}

void DtlsConnection::shake_hands() {
  ERR_clear_error();  // what another session has left on this thread
  const int result = SSL_do_handshake(session_.get());
  const int error = SSL_get_error(session_.get(), result);
  if (result != 1 && (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE))
    return await_retransmission();
  if (result != 1) {
    const bool refused = error == SSL_ERROR_SYSCALL;
    return fail(refused ? "nobody listens there (connection refused)"
                        : "DTLS: " + certificate_problem(session_.get(), "the handshake failed"));
  }
  connected_ = true;
  patience_.cancel();
  retransmission_.cancel();
  callbacks_.on_connected(from_asio(udp_.local_endpoint()));
}

/// RFC 6347 §4.2.4: OpenSSL keeps the time, and is woken.
void DtlsConnection::await_retransmission() {
  timeval left{};
  retransmission_.expires_at(std::chrono::steady_clock::time_point::max());
  if (SSL_ctrl(session_.get(), DTLS_CTRL_GET_TIMEOUT, 0, &left) != 1) return;
  retransmission_.expires_after(std::chrono::seconds(left.tv_sec) +
                                std::chrono::microseconds(left.tv_usec));
  retransmission_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error || self->closing_ || self->connected_) return;
    SSL_ctrl(self->session_.get(), DTLS_CTRL_HANDLE_TIMEOUT, 0, nullptr);
    self->shake_hands();
  });
}

void DtlsConnection::await_datagram() {
  udp_.async_wait(boost::asio::ip::udp::socket::wait_read,
                  [self = shared_from_this()](boost::system::error_code error) {
                    if (error || self->closing_) return;
                    if (!self->connected_) self->shake_hands();
                    if (self->connected_ && !self->closing_) self->read_messages();
                    if (!self->closing_) self->await_datagram();
                  });
}

void DtlsConnection::read_messages() {
  for (int i = 0; i < records_per_wake_up && !closing_; ++i) {
    ERR_clear_error();
    const int size = SSL_read(session_.get(), input_.data(), static_cast<int>(input_.size()));
    if (size > 0) {
      callbacks_.on_message(MutableBytes(input_).first(static_cast<std::size_t>(size)));
      continue;
    }
    const int error = SSL_get_error(session_.get(), size);
    if (error == SSL_ERROR_ZERO_RETURN) return fail("has closed the connection");
    // An ICMP error is no more than a datagram lost; a record that nobody signed is dropped by
    // OpenSSL.
    if (error == SSL_ERROR_SSL) return fail("DTLS: the association is broken");
    return;
  }
}

void DtlsConnection::send(Bytes message) {
  if (!connected_ || closing_ || message.size() > longest_record) return;
  ERR_clear_error();
  SSL_write(session_.get(), message.data(),
            static_cast<int>(message.size()));  // what the kernel refuses is lost
}

void DtlsConnection::fail(const std::string& reason) {
  if (closing_) return;
  const auto callbacks = std::exchange(callbacks_, {});
  const bool was_connected = connected_;
  end();
  if (was_connected)
    callbacks.on_closed(reason);
  else
    callbacks.on_connected(std::unexpected(reason));
}

void DtlsConnection::close() {
  if (closing_) return;
  // Callbacks may hold who is calling.
  boost::asio::post(udp_.get_executor(),
                    [self = shared_from_this(), callbacks = std::exchange(callbacks_, {})] {});
  if (connected_) SSL_shutdown(session_.get());
  end();
}

Instant DtlsConnection::deadline() const {
  return connected_ || closing_
             ? never
             : instant_of(std::min(patience_.expiry(), retransmission_.expiry()));
}

void DtlsConnection::end() {
  closing_ = true;
  patience_.cancel();
  retransmission_.cancel();
  boost::system::error_code ignored;
  udp_.close(ignored);
}

}  // namespace stile
