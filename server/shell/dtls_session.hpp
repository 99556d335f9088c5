#pragma once

#include <array>
#include <functional>
#include <optional>

#include "server/shell/tls_wire.hpp"
#include "stile/base/instant.hpp"

namespace stile::server {

/// The server's end of one DTLS association, without its socket. Made once the client's cookie has
/// been found valid.
class DtlsSession {
 public:
  using Random = std::array<std::uint8_t, 32>;
  using Take = std::function<void(MutableBytes message)>;

  explicit DtlsSession(SSL_CTX* context);

  /// The record of the ClientHello with the cookie, or of its first fragment. False if it is
  /// refused.
  bool start(Bytes record, const WireSink& sink);
  /// One datagram. The messages in it are decrypted to where it lies, and taken one by one. False
  /// if the association is over.
  bool receive(MutableBytes datagram, const Take& take, const WireSink& sink);
  /// One message in one datagram; false if no record can hold it.
  bool send(Bytes message, const WireSink& sink);
  /// Says goodbye (close_notify).
  void close(const WireSink& sink);

  bool is_open() const { return SSL_is_init_finished(ssl_.get()); }
  Random client_random() const;

  /// Until a flight of the handshake has to be sent again.
  std::optional<Duration> timer() const;
  /// Sends it again if its time has come. False if the association is over.
  bool handle_timer(const WireSink& sink);
  /// Gives back what an idle association does not need.
  void release_buffers() { SSL_free_buffers(ssl_.get()); }

 private:
  TlsWire wire_;
  SslPointer ssl_;
};

}  // namespace stile::server
