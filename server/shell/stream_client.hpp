#pragma once

#include "server/shell/client_limits.hpp"
#include "server/shell/message_queue.hpp"
#include "server/shell/stream.hpp"
#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile::server {

/// One client over TCP or TLS: how far its connection has come, the message that it has sent in
/// part, and what waits to be sent to it. Idle it holds a few hundred bytes, and what OpenSSL
/// needs.
class StreamClient {
 public:
  /// What has to come next.
  enum class Stage : std::uint8_t { proxy_header, first_byte, handshake, messages };

  /// In the midst of its messages.
  StreamClient(Stream connection, const FiveTuple& five_tuple, const ClientLimits& limits,
               Instant now);
  StreamClient(Descriptor socket, const FiveTuple& five_tuple, bool behind_proxy,
               const ClientLimits& limits, Instant now);

  /// What has come and is not yet understood lies at the front of `buffer`, or nothing if the
  /// connection is over.
  std::optional<MutableBytes> read(Instant now, MutableBytes buffer);
  /// Keeps the rest of what read() gave; where it belongs to a message, the whole has to come in
  /// time.
  void keep(Instant now, Bytes rest);
  /// The connection's bytes are TLS, those in `early` included. As read().
  std::optional<MutableBytes> start_tls(Instant now, SSL_CTX* context, Bytes early,
                                        MutableBytes buffer);
  void messages_may_come(Instant now, bool after_handshake);
  void message_has_come(Instant now);

  /// To be sent by the next flush(). Relayed data may be dropped later, and an answer may not: over
  /// a stream its request is not sent again (RFC 8489 §6.2.2). How many messages were dropped for
  /// it.
  std::size_t push(Instant now, Bytes message);
  /// Sends what the socket takes; how many messages were too old.
  std::size_t flush(Instant now);
  /// All answers to the stream, and no more than them: the stream is about to be somebody else's.
  void flush_answers();

  /// What to wait for, as Poller::Interest.
  std::uint32_t interest() const;
  /// Something that had to come has not.
  bool is_too_slow(Instant now) const { return now >= deadline_; }
  bool is_idle(Instant now) const { return now - last_heard_ >= limits_->idle; }
  bool is_silent(Instant now) const { return now - last_heard_ >= limits_->silence; }

  Stream stream;
  FiveTuple five_tuple;
  Stage stage;
  bool has_allocation = false;  ///< when it was last looked at
  bool is_known = false;        ///< messages have come from it
  bool is_dirty = false;        ///< flush() is due
  std::uint32_t polled = 0;     ///< the interest that the poller has been told

 private:
  const ClientLimits* limits_;
  Instant last_heard_;
  Instant deadline_;
  ByteVector kept_;
  ByteVector answers_;
  MessageQueue relayed_;
};

}  // namespace stile::server
