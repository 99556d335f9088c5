#pragma once

#include <memory>
#include <optional>

#include "server/shell/socket.hpp"
#include "server/shell/tls_session.hpp"
#include "stile/base/bytes.hpp"

namespace stile::server {

/// One accepted connection as bytes in both directions, whether TLS lies between or not.
///
/// Writing never fails and never blocks: what the socket does not take is kept, and told by
/// unsent(). Who has bytes that may be dropped, or that can wait where they come from, holds them
/// back while there is any.
class Stream {
 public:
  /// read() never takes more off the socket at once, so that no client keeps a worker to itself.
  static constexpr std::size_t longest_read = 16'384;
  /// `into` of read() and start_tls() holds at least this.
  static constexpr std::size_t room_to_read = 2 * longest_read + 2 * TlsSession::longest_record;

  explicit Stream(Descriptor socket);

  /// How many bytes have come into `into` (none is no news); nothing if the connection is over.
  /// `most` are taken off the socket.
  std::optional<std::size_t> read(MutableBytes into, std::size_t most = longest_read);
  /// From now on the bytes on the socket are TLS; `early` are those that have been read already. As
  /// read().
  std::optional<std::size_t> start_tls(SSL_CTX* context, Bytes early, MutableBytes into);
  void write(Bytes bytes);
  /// The other side has said that it sends no more: why read() gives nothing. It may still read.
  bool has_ended() const { return has_ended_; }
  /// Sends on what is unsent, when the socket can take more. False if the connection is over.
  bool write_on();
  /// Says that nothing more will be written (TLS's close_notify, TCP's FIN), once all is sent. The
  /// other direction stays.
  void finish();
  /// Ends it so that the other side does not take what it has got for the whole.
  void reset();
  /// From now on the other side may leave off reading for as long as it likes, and one that has
  /// vanished is noticed.
  void may_pause();

  std::size_t unsent() const { return unsent_.size() - sent_; }
  int fd() const { return socket_.fd(); }
  bool is_tls() const { return tls_ != nullptr; }
  /// Nothing stands in the way of messages: TLS, if it has started, has shaken hands.
  bool is_open() const { return !tls_ || tls_->is_open(); }
  bool holds_partial_record() const { return tls_ && tls_->holds_partial_record(); }

 private:
  std::optional<std::size_t> receive_tls(Bytes wire, MutableBytes into);
  void write_wire(Bytes bytes);
  void end_writing();

  Descriptor socket_;
  std::unique_ptr<TlsSession> tls_;
  ByteVector unsent_;  ///< as it goes to the socket, from sent_ on
  std::size_t sent_ = 0;
  bool finishing_ = false;
  bool has_ended_ = false;
};

}  // namespace stile::server
