#pragma once

#include <openssl/ssl.h>

#include <expected>
#include <memory>
#include <string>

namespace stile::server {

struct CertificateFiles {
  std::string certificate;  ///< PEM, the server's own first, then its chain
  std::string key;          ///< PEM, not encrypted
};

/// What all connections that start under one certificate share. TLS 1.2 and 1.3 over TCP, DTLS 1.2
/// over UDP. No renegotiation, no resumption: a TURN connection lasts, and tickets would need keys
/// that rotate.
class TlsContext {
 public:
  /// Or one line that says which file is at fault, and why.
  static std::expected<TlsContext, std::string> load(const CertificateFiles& files);

  SSL_CTX* tls() const { return tls_.get(); }
  SSL_CTX* dtls() const { return dtls_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  using Pointer = std::unique_ptr<SSL_CTX, Free>;
  TlsContext(Pointer tls, Pointer dtls) : tls_(std::move(tls)), dtls_(std::move(dtls)) {}
  static std::expected<Pointer, std::string> make(const SSL_METHOD* method,
                                                  const CertificateFiles& files);

  Pointer tls_;
  Pointer dtls_;
};

}  // namespace stile::server
