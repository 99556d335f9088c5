#pragma once

#include <optional>

#include "server/shell/tls_wire.hpp"

namespace stile::server {

/// The server's end of one TLS connection, without its socket.
class TlsSession {
 public:
  /// No TLS record holds more; `into` of receive() has room for two besides what came in.
  static constexpr std::size_t longest_record = 16'384;

  explicit TlsSession(SSL_CTX* context);

  /// Bytes of the client. How many bytes of plaintext are in `into`; nothing if the connection is
  /// over. `into` must hold wire.size() + 2 * longest_record and not overlap `wire`.
  std::optional<std::size_t> receive(Bytes wire, MutableBytes into, const WireSink& sink);
  /// False if the connection is over.
  bool send(Bytes plaintext, const WireSink& sink);
  /// Says goodbye (close_notify).
  void close(const WireSink& sink);

  /// The client has said goodbye. What it had sent before has been received.
  bool has_ended() const { return has_ended_; }
  bool is_open() const { return SSL_is_init_finished(ssl_.get()); }
  /// A record has begun and not ended: it holds a buffer.
  bool holds_partial_record() const { return SSL_has_pending(ssl_.get()) == 1; }

 private:
  TlsWire wire_;
  SslPointer ssl_;
  bool has_ended_ = false;
};

}  // namespace stile::server
