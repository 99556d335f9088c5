#include "server/shell/dtls_session.hpp"

#include <openssl/err.h>
#include <sys/time.h>

#include <new>

namespace stile::server {

namespace {
constexpr long handshake_datagram = 1200;        ///< bytes: passes every path that matters
constexpr std::size_t longest_message = 16'384;  ///< RFC 6347 §4.1: of a record

bool wants_more(SSL* ssl, int result) {
  return SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
}
}  // namespace

DtlsSession::DtlsSession(SSL_CTX* context) : ssl_(SSL_new(context)) {
  if (!ssl_) throw std::bad_alloc();
  wire_.attach(ssl_.get());
  SSL_set_mtu(ssl_.get(), handshake_datagram);
  SSL_set_accept_state(ssl_.get());
}

// DTLSv1_listen() looks at the cookie a second time (and is told that it is valid), and takes over
// the sequence numbers of a handshake whose beginning nobody remembers. Further fragments of the
// hello are received like any record.
bool DtlsSession::start(Bytes record, const WireSink& sink) {
  const TlsWire::Use use(wire_, record, sink);
  const std::unique_ptr<BIO_ADDR, decltype(&BIO_ADDR_free)> nobody(BIO_ADDR_new(), BIO_ADDR_free);
  ERR_clear_error();
  if (!nobody || DTLSv1_listen(ssl_.get(), nobody.get()) != 1) return false;
  ERR_clear_error();
  const int result = SSL_accept(ssl_.get());
  return result == 1 || wants_more(ssl_.get(), result);
}

bool DtlsSession::receive(MutableBytes datagram, const Take& take, const WireSink& sink) {
  const TlsWire::Use use(wire_, datagram, sink);
  MutableBytes room =
      datagram;  // OpenSSL has read a record before it writes what was in it, which is shorter
  for (;;) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), room.data(), room.size(), &count);
    if (result != 1) return wants_more(ssl_.get(), result);
    take(room.first(count));
    room = room.subspan(count);
  }
}

bool DtlsSession::send(Bytes message, const WireSink& sink) {
  if (message.empty() || message.size() > longest_message) return false;
  const TlsWire::Use use(wire_, {}, sink);
  ERR_clear_error();
  std::size_t count = 0;
  return SSL_alloc_buffers(ssl_.get()) == 1 &&
         SSL_write_ex(ssl_.get(), message.data(), message.size(), &count) == 1;
}

void DtlsSession::close(const WireSink& sink) {
  if (!is_open()) return;
  const TlsWire::Use use(wire_, {}, sink);
  ERR_clear_error();
  if (SSL_alloc_buffers(ssl_.get()) == 1) SSL_shutdown(ssl_.get());
}

DtlsSession::Random DtlsSession::client_random() const {
  Random random{};
  SSL_get_client_random(ssl_.get(), random.data(), random.size());
  return random;
}

std::optional<Duration> DtlsSession::timer() const {
  timeval left{};
  if (DTLSv1_get_timeout(ssl_.get(), &left) != 1) return std::nullopt;
  return std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
}

bool DtlsSession::handle_timer(const WireSink& sink) {
  const TlsWire::Use use(wire_, {}, sink);
  ERR_clear_error();
  return DTLSv1_handle_timeout(ssl_.get()) >= 0;
}

}  // namespace stile::server
