#include "asio/stream_connection.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "asio/port_reuse.hpp"
#include "asio/tls.hpp"
#include "stile/asio/endpoint.hpp"
#include "stile/ice/peer_framing.hpp"
#include "stile/stun/stream_framing.hpp"

namespace stile {

namespace {

namespace ssl = boost::asio::ssl;

constexpr std::size_t max_unsent = 1 << 20;  ///< Limit: bytes that wait for the network
/// The longest message: a header and 65535 bytes, padded (RFC 8489 §5, RFC 8656 §12.4).
constexpr std::size_t longest_message = 20 + 65'536 + 4;

}  // namespace

StreamConnection::StreamConnection(boost::asio::any_io_executor executor, TransportAddress server,
                                   std::string host, std::shared_ptr<ssl::context> tls,
                                   Callbacks callbacks, std::optional<Proxy> proxy,
                                   std::optional<TransportAddress> local)
    : server_(server),
      host_(std::move(host)),
      context_(std::move(tls)),
      callbacks_(std::move(callbacks)),
      proxy_(std::move(proxy)),
      local_(local),
      tcp_(executor),
      patience_(executor),
      input_(longest_message) {}

void StreamConnection::connect() {
  patience_.expires_after(connection_patience);
  patience_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error && !self->connected_) self->fail("does not answer");
  });
  const TransportAddress& first = proxy_ ? proxy_->address : server_;
  const boost::asio::ip::tcp::endpoint endpoint(to_asio(first.ip), first.port);
  if (!open(endpoint.protocol())) return;
  tcp_.async_connect(endpoint, [self = shared_from_this()](boost::system::error_code error) {
    if (self->closing_) return;
    if (error) return self->fail(self->in_words(error));
    boost::system::error_code ignored;
    self->tcp_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
    if (!self->proxy_) return self->begin();
    self->tunnel_.emplace(*self->proxy_, self->server_);
    self->tell_proxy(self->tunnel_->begin());
  });
}

/// False if it cannot be; that is told later, for connect() must return first.
bool StreamConnection::open(const boost::asio::ip::tcp& protocol) {
  boost::system::error_code error;
  tcp_.open(protocol, error);
  if (!error && on_descriptor) on_descriptor(tcp_.native_handle());
  if (!error && local_) reuse_port(tcp_, error);
  if (!error && local_) tcp_.bind({to_asio(local_->ip), local_->port}, error);
  if (!error) return true;
  boost::asio::post(tcp_.get_executor(),
                    [self = shared_from_this(), reason = error.message()] { self->fail(reason); });
  return false;
}

void StreamConnection::tell_proxy(ByteVector words) {
  const auto held = std::make_shared<ByteVector>(std::move(words));
  boost::asio::async_write(
      tcp_, boost::asio::buffer(*held),
      [self = shared_from_this(), held](boost::system::error_code error, std::size_t) {
        if (self->closing_) return;
        if (error) return self->fail("the proxy: " + self->in_words(error));
        self->hear_proxy();
      });
}

void StreamConnection::hear_proxy() {
  tcp_.async_read_some(
      boost::asio::buffer(input_),
      [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
        if (self->closing_) return;
        if (error) return self->fail("the proxy: " + self->in_words(error));
        ByteVector answer;
        switch (self->tunnel_->take(Bytes(self->input_).first(size), answer)) {
          case ProxyTunnel::Status::open:
            self->tunnel_.reset();
            return self->begin();
          case ProxyTunnel::Status::refused:
            return self->fail(self->tunnel_->reason());
          case ProxyTunnel::Status::goes_on:
            break;
        }
        if (answer.empty()) return self->hear_proxy();
        self->tell_proxy(std::move(answer));
      });
}

/// What is between us and the server is there.
void StreamConnection::begin() {
  if (context_)
    shake_hands();
  else
    be_connected();
}

// RFC 8489 §6.2.3: the certificate is verified, with the name or address that the server was given
// by.
void StreamConnection::shake_hands() {
  tls_.emplace(tcp_, *context_);
  expect_host(tls_->native_handle(), host_);
  tls_->async_handshake(ssl::stream_base::client,
                        [self = shared_from_this()](boost::system::error_code error) {
                          if (self->closing_) return;
                          if (!error) return self->be_connected();
                          self->fail("TLS: " + self->in_words(error));
                        });
}

void StreamConnection::be_connected() {
  connected_ = true;
  patience_.cancel();
  boost::system::error_code error;
  const auto local = tcp_.local_endpoint(error);
  if (error) return fail(in_words(error));
  const auto self = shared_from_this();
  callbacks_.on_connected(TransportAddress{from_asio(local.address()), local.port()});
  if (!closing_) read();
}

/// Tells once, and by what is right for the moment.
void StreamConnection::fail(const std::string& reason) {
  if (closing_) return;
  const auto callbacks = std::exchange(callbacks_, {});
  const bool was_connected = connected_;
  end();
  if (was_connected && callbacks.on_closed) callbacks.on_closed(reason);
  if (!was_connected && callbacks.on_connected) callbacks.on_connected(std::unexpected(reason));
}

void StreamConnection::read() {
  const auto room = boost::asio::buffer(input_.data() + filled_, input_.size() - filled_);
  with_stream([&](auto& stream) {
    stream.async_read_some(
        room, [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
          if (self->closing_) return;
          if (error) return self->fail(self->in_words(error));
          self->filled_ += size;
          if (self->take_messages()) self->read();
        });
  });
}

/// False if it is over.
bool StreamConnection::take_messages() {
  std::size_t taken = 0;
  while (const auto message = take_message(taken)) {
    callbacks_.on_message(*message);
    if (closing_) return false;
  }
  if (closing_) return false;
  std::copy(input_.begin() + static_cast<std::ptrdiff_t>(taken),
            input_.begin() + static_cast<std::ptrdiff_t>(filled_), input_.begin());
  filled_ -= taken;
  return true;
}

/// The next one, if all of it is there; it counts as taken then. The connection fails if it cannot
/// be one.
std::optional<MutableBytes> StreamConnection::take_message(std::size_t& taken) {
  const MutableBytes rest = MutableBytes(input_).subspan(taken, filled_ - taken);
  if (carries_frames_) {
    const auto message = ice::framed_message(rest);
    if (message) taken += ice::frame_header_size + message->size();
    return message;
  }
  const auto frame = stun::next_frame(rest);
  if (frame.status == stun::Frame::Status::broken) fail("sends what is no STUN");
  if (frame.status != stun::Frame::Status::complete) return std::nullopt;
  taken += frame.size_on_stream;
  return rest.first(frame.message_size);
}

void StreamConnection::send(Bytes message) {
  if (!connected_ || closing_ || unsent_bytes_ > max_unsent) return;
  if (carries_frames_ && message.size() > ice::longest_framed_message) return;
  ByteVector bytes = carries_frames_ ? ice::frame_of(message) : copy_of(message);
  if (!carries_frames_) bytes.resize((bytes.size() + 3) & ~std::size_t{3});  // RFC 8656 §12.5
  unsent_bytes_ += bytes.size();
  unsent_.push_back(std::move(bytes));
  if (unsent_.size() == 1) write();
}

void StreamConnection::write() {
  const auto bytes = boost::asio::buffer(unsent_.front());
  with_stream([&](auto& stream) {
    boost::asio::async_write(
        stream, bytes, [self = shared_from_this()](boost::system::error_code error, std::size_t) {
          if (self->unsent_.empty()) return;
          self->unsent_bytes_ -= self->unsent_.front().size();
          self->unsent_.pop_front();
          if (error && !self->closing_) return self->fail(self->in_words(error));
          if (!error && !self->unsent_.empty()) return self->write();
          if (self->closing_) self->end();
        });
  });
}

// Messages carry their length, so nobody takes a part for the whole; a close_notify of TLS is not
// waited for.
void StreamConnection::close() {
  if (closing_) return;
  closing_ = true;
  // Callbacks may hold who is calling.
  boost::asio::post(tcp_.get_executor(),
                    [self = shared_from_this(), callbacks = std::exchange(callbacks_, {})] {});
  patience_.cancel();
  if (unsent_.empty()) end();
}

Instant StreamConnection::deadline() const {
  return connected_ || closing_ ? never : instant_of(patience_.expiry());
}

void StreamConnection::end() {
  closing_ = true;
  patience_.cancel();
  boost::system::error_code ignored;
  tcp_.shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  tcp_.close(ignored);
}

std::string StreamConnection::in_words(boost::system::error_code error) {
  if (error == boost::asio::error::connection_refused)
    return "nobody listens there (connection refused)";
  if (error == boost::asio::error::eof) return "has closed the connection";
  return certificate_problem(tls_ ? tls_->native_handle() : nullptr, error.message());
}

}  // namespace stile
