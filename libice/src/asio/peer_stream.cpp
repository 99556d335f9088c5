#include "asio/peer_stream.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "asio/port_reuse.hpp"
#include "asio/tls.hpp"
#include "stile/asio/clock.hpp"
#include "stile/asio/endpoint.hpp"
#include "stile/ice/peer_framing.hpp"

namespace stile {

namespace {

constexpr std::size_t max_unsent = 1 << 20;  ///< Limit: bytes that wait for the network
constexpr auto patience = std::chrono::seconds(10);

}  // namespace

PeerStream::PeerStream(boost::asio::any_io_executor executor, TransportAddress local,
                       TransportAddress remote, Callbacks callbacks)
    : local_(local),
      remote_(remote),
      callbacks_(std::move(callbacks)),
      tcp_(executor),
      patience_(executor),
      input_(ice::frame_header_size + ice::longest_framed_message) {}

PeerStream::PeerStream(Tcp::socket accepted, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      tcp_(std::move(accepted)),
      patience_(tcp_.get_executor()),
      connected_(true),
      input_(ice::frame_header_size + ice::longest_framed_message) {}

void PeerStream::connect() {
  if (connected_) return be_connected();
  if (!open()) return;
  patience_.expires_after(patience);
  patience_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error && !self->connected_) self->fail("does not answer");
  });
  tcp_.async_connect({to_asio(remote_.ip), remote_.port},
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (self->closing_) return;
                       if (error) return self->fail(error.message());
                       self->be_connected();
                     });
}

/// False if it cannot be; that is told later, for connect() must return first.
bool PeerStream::open() {
  const Tcp::endpoint from(to_asio(local_.ip), local_.port);
  boost::system::error_code error;
  tcp_.open(from.protocol(), error);
  if (!error && on_descriptor) on_descriptor(tcp_.native_handle());
  if (!error && local_.port != 0) reuse_port(tcp_, error);
  if (!error) tcp_.bind(from, error);
  if (!error) return true;
  boost::asio::post(tcp_.get_executor(),
                    [self = shared_from_this(), reason = error.message()] { self->fail(reason); });
  return false;
}

void PeerStream::be_connected() {
  const bool accepted = std::exchange(connected_, true);
  patience_.cancel();
  boost::system::error_code error;
  tcp_.set_option(Tcp::no_delay(true), error);
  const auto own = tcp_.local_endpoint(error);
  if (error) return fail(error.message());
  const auto self = shared_from_this();
  if (accepted && on_descriptor) on_descriptor(tcp_.native_handle());
  if (!accepted) callbacks_.on_connected(TransportAddress{from_asio(own.address()), own.port()});
  if (!closing_) read();
}

/// Tells once, and by what is right for the moment.
void PeerStream::fail(const std::string& reason) {
  if (closing_) return;
  const auto callbacks = std::exchange(callbacks_, {});
  const bool was_connected = connected_;
  end();
  if (was_connected && callbacks.on_closed) callbacks.on_closed(reason);
  if (!was_connected && callbacks.on_connected) callbacks.on_connected(std::unexpected(reason));
}

void PeerStream::read() {
  tcp_.async_read_some(
      boost::asio::buffer(input_.data() + filled_, input_.size() - filled_),
      [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
        if (self->closing_) return;
        if (error) return self->fail(error.message());
        self->filled_ += size;
        if (self->take_messages()) self->read();
      });
}

/// False if it is over.
bool PeerStream::take_messages() {
  std::size_t taken = 0;
  while (const auto message =
             ice::framed_message(MutableBytes(input_).subspan(taken, filled_ - taken))) {
    taken += ice::frame_header_size + message->size();
    callbacks_.on_message(*message);
    if (closing_) return false;
  }
  std::copy(input_.begin() + static_cast<std::ptrdiff_t>(taken),
            input_.begin() + static_cast<std::ptrdiff_t>(filled_), input_.begin());
  filled_ -= taken;
  return true;
}

void PeerStream::send(Bytes message) {
  if (!connected_ || closing_ || unsent_bytes_ > max_unsent ||
      message.size() > ice::longest_framed_message)
    return;
  ByteVector bytes = ice::frame_of(message);
  unsent_bytes_ += bytes.size();
  unsent_.push_back(std::move(bytes));
  if (unsent_.size() == 1) write();
}

void PeerStream::write() {
  boost::asio::async_write(
      tcp_, boost::asio::buffer(unsent_.front()),
      [self = shared_from_this()](boost::system::error_code error, std::size_t) {
        if (self->unsent_.empty()) return;
        self->unsent_bytes_ -= self->unsent_.front().size();
        self->unsent_.pop_front();
        if (error && !self->closing_) return self->fail(error.message());
        if (!error && !self->unsent_.empty()) return self->write();
        if (self->closing_) self->end();
      });
}

void PeerStream::close() {
  if (closing_) return;
  closing_ = true;
  // Callbacks may hold who is calling.
  boost::asio::post(tcp_.get_executor(),
                    [self = shared_from_this(), callbacks = std::exchange(callbacks_, {})] {});
  patience_.cancel();
  if (unsent_.empty()) end();
}

Instant PeerStream::deadline() const {
  return connected_ || closing_ ? never : instant_of(patience_.expiry());
}

void PeerStream::end() {
  closing_ = true;
  patience_.cancel();
  boost::system::error_code ignored;
  tcp_.shutdown(Tcp::socket::shutdown_both, ignored);
  tcp_.close(ignored);
}

}  // namespace stile
