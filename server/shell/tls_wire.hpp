#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <utility>

#include "stile/base/bytes.hpp"

namespace stile::server {

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPointer = std::unique_ptr<SSL, SslFree>;

/// Takes what is to go to the other side: bytes of the stream, or one datagram.
using WireSink = std::function<void(Bytes)>;

/// Between OpenSSL and whoever carries its bytes: it reads from a view and writes to a sink, both
/// given for one call, so that an idle connection holds no buffer of ours.
class TlsWire {
 public:
  TlsWire() = default;
  TlsWire(const TlsWire&) = delete;
  TlsWire& operator=(const TlsWire&) = delete;

  /// Becomes both ends of `ssl`, which must not outlive it.
  void attach(SSL* ssl);

  /// What OpenSSL reads and writes to now.
  struct Ends {
    Bytes input;
    const WireSink* sink = nullptr;
  };

  /// While this lives it reads `input` and writes to `sink`. One may begin within another.
  class Use {
   public:
    Use(TlsWire& wire, Bytes input, const WireSink& sink)
        : wire_(wire), outer_(std::exchange(wire.ends_, {input, &sink})) {}
    ~Use() { wire_.ends_ = outer_; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    TlsWire& wire_;
    Ends outer_;
  };

  Ends& ends() { return ends_; }

 private:
  Ends ends_;
};

}  // namespace stile::server
