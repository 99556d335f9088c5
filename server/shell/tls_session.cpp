#include "server/shell/tls_session.hpp"

#include <openssl/err.h>

#include <new>

namespace stile::server {

TlsSession::TlsSession(SSL_CTX* context) : ssl_(SSL_new(context)) {
  if (!ssl_) throw std::bad_alloc();
  wire_.attach(ssl_.get());
  SSL_set_accept_state(ssl_.get());
}

std::optional<std::size_t> TlsSession::receive(Bytes wire, MutableBytes into,
                                               const WireSink& sink) {
  const TlsWire::Use use(wire_, wire, sink);
  std::size_t size = 0;
  for (;;) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data() + size, into.size() - size, &count);
    if (result != 1) {
      const int error = SSL_get_error(ssl_.get(), result);
      has_ended_ = error == SSL_ERROR_ZERO_RETURN;
      const bool goes_on = error == SSL_ERROR_WANT_READ || (has_ended_ && size > 0);
      return goes_on ? std::optional(size) : std::nullopt;
    }
    size += count;
  }
}

bool TlsSession::send(Bytes plaintext, const WireSink& sink) {
  const TlsWire::Use use(wire_, {}, sink);
  ERR_clear_error();
  std::size_t count = 0;
  return SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &count) == 1;
}

void TlsSession::close(const WireSink& sink) {
  if (!is_open()) return;
  const TlsWire::Use use(wire_, {}, sink);
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

}  // namespace stile::server
