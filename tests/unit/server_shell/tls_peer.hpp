#pragma once

#include <deque>
#include <string>

#include "server/shell/tls_wire.hpp"

namespace stile::server::test {

/// The client's end of TLS or DTLS, without a socket: OpenSSL's, told apart from ours by its role
/// alone.
class TlsPeer {
 public:
  struct Wish {
    bool dtls = false;
    std::string alpn;    ///< as ALPN lists protocols, each with its length before it
    int version = 0;     ///< no other; 0: what both sides have
    long mtu = 0;        ///< of DTLS's handshake
    std::string groups;  ///< key shares that are offered
  };
  explicit TlsPeer(const Wish& wish);

  /// Begins, or goes on.
  void handshake();
  bool is_open() const { return SSL_is_init_finished(ssl_.get()); }
  /// What has come over the wire: of DTLS, one datagram.
  void receive(Bytes wire);
  void send(std::string_view text);
  void close();

  /// What is to go over the wire: of DTLS, one datagram each.
  std::deque<ByteVector> wire_out;
  std::string received;
  bool has_ended = false;
  bool has_failed = false;

  std::string alpn() const;
  std::string server_name() const;

 private:
  void step(Bytes input);

  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  TlsWire wire_;
  SslPointer ssl_;
};

}  // namespace stile::server::test
