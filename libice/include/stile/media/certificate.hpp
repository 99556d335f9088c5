#pragma once

#include <memory>

#include "stile/media/fingerprint.hpp"

struct evp_pkey_st;
struct x509_st;

namespace stile::media {

/// A self-signed certificate with its key (RFC 8827 §6.5), which its fingerprint in the signalling
/// vouches for. To be used by one session or some, not for good: it makes them recognisable.
class Certificate {
 public:
  /// ECDSA on P-256, with a random name, valid from now on for a month. Throws std::runtime_error
  /// if OpenSSL cannot make one.
  static Certificate make();

  Fingerprint fingerprint(Hash hash = Hash::sha256) const;

  x509_st* x509() const { return x509_.get(); }
  evp_pkey_st* key() const { return key_.get(); }

 private:
  Certificate() = default;
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> x509_;
};

}  // namespace stile::media
