#include "tests/unit/server_shell/tls_peer.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

namespace stile::server::test {

TlsPeer::TlsPeer(const Wish& wish)
    : context_(SSL_CTX_new(wish.dtls ? DTLS_client_method() : TLS_client_method())) {
  if (wish.version != 0) {
    SSL_CTX_set_min_proto_version(context_.get(), wish.version);
    SSL_CTX_set_max_proto_version(context_.get(), wish.version);
  }
  SSL_CTX_set_options(context_.get(), SSL_OP_NO_QUERY_MTU);
  ssl_.reset(SSL_new(context_.get()));
  wire_.attach(ssl_.get());
  SSL_set_mtu(ssl_.get(), wish.mtu != 0 ? wish.mtu : 1400);
  if (!wish.groups.empty()) SSL_set1_groups_list(ssl_.get(), wish.groups.c_str());
  if (!wish.alpn.empty())
    SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wish.alpn.data()),
                        static_cast<unsigned>(wish.alpn.size()));
  SSL_set_connect_state(ssl_.get());
}

void TlsPeer::handshake() {
  step({});
}
void TlsPeer::receive(Bytes wire) {
  step(wire);
}

void TlsPeer::step(Bytes input) {
  const WireSink sink = [this](Bytes bytes) { wire_out.push_back(copy_of(bytes)); };
  const TlsWire::Use use(wire_, input, sink);
  std::array<char, 65'536> text;
  for (;;) {
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), text.data(), text.size(), &count);
    if (result == 1) {
      received.append(text.data(), count);
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    has_ended = has_ended || error == SSL_ERROR_ZERO_RETURN;
    has_failed = has_failed || (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_ZERO_RETURN);
    return;
  }
}

void TlsPeer::send(std::string_view text) {
  const WireSink sink = [this](Bytes bytes) { wire_out.push_back(copy_of(bytes)); };
  const TlsWire::Use use(wire_, {}, sink);
  std::size_t count = 0;
  SSL_write_ex(ssl_.get(), text.data(), text.size(), &count);
}

void TlsPeer::close() {
  const WireSink sink = [this](Bytes bytes) { wire_out.push_back(copy_of(bytes)); };
  const TlsWire::Use use(wire_, {}, sink);
  SSL_shutdown(ssl_.get());
}

std::string TlsPeer::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string TlsPeer::server_name() const {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(ssl_.get()), X509_free);
  std::array<char, 256> text{};
  if (certificate)
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, text.data(),
                              text.size());
  return text.data();
}

}  // namespace stile::server::test
