#include "server/shell/tls_wire.hpp"

#include <openssl/bio.h>

#include <algorithm>
#include <new>

namespace stile::server {

namespace {

TlsWire::Ends& ends_of(BIO* bio) {
  return static_cast<TlsWire*>(BIO_get_data(bio))->ends();
}

int read_wire(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  Bytes& input = ends_of(bio).input;
  const std::size_t count = std::min(input.size(), static_cast<std::size_t>(size));
  if (count == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  std::copy_n(input.begin(), count, out);
  input = input.subspan(count);
  return static_cast<int>(count);
}

int write_wire(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const WireSink* sink = ends_of(bio).sink;
  if (!sink) return -1;
  (*sink)(as_bytes({bytes, static_cast<std::size_t>(size)}));
  return size;
}

/// Datagrams' questions (their MTU, their peer, their timers) are answered elsewhere.
long control_wire(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* wire_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    if (!made) throw std::bad_alloc();
    BIO_meth_set_read(made, read_wire);
    BIO_meth_set_write(made, write_wire);
    BIO_meth_set_ctrl(made, control_wire);
    return made;
  }();
  return method;
}

}  // namespace

void TlsWire::attach(SSL* ssl) {
  BIO* const bio = BIO_new(wire_method());
  if (!bio) throw std::bad_alloc();
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
}

}  // namespace stile::server
