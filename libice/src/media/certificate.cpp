#include "stile/media/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <stdexcept>

#include "media/der.hpp"

namespace stile::media {

namespace {

constexpr long a_day = 86'400;
constexpr long lifetime = 30 * a_day;  // RFC 8827 §6.5 sets no end; browsers take 30 days

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("cannot make a certificate: ") + what);
}

/// 63 random bits: serial numbers are positive.
std::int64_t random_serial() {
  std::int64_t serial = 0;
  require(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1, "randomness");
  return serial & 0x7fff'ffff'ffff'ffff;
}

void name_and_sign(X509* x509, EVP_PKEY* key) {
  X509_set_version(x509, X509_VERSION_3);
  const std::int64_t serial = random_serial();
  require(ASN1_INTEGER_set_int64(X509_get_serialNumber(x509), serial) == 1, "serial number");
  // Deviation: RFC 5280 §4.1.2.5: valid since yesterday, since clocks differ.
  require(X509_gmtime_adj(X509_getm_notBefore(x509), -a_day) &&
              X509_gmtime_adj(X509_getm_notAfter(x509), lifetime),
          "dates");
  const std::string name = std::to_string(serial);
  X509_NAME* subject = X509_get_subject_name(x509);
  require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                     reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1,
                                     0) == 1 &&
              X509_set_issuer_name(x509, subject) == 1,
          "name");
  require(X509_set_pubkey(x509, key) == 1 && X509_sign(x509, key, EVP_sha256()) > 0, "signature");
}

}  // namespace

Certificate Certificate::make() {
  Certificate made;
  made.key_ = {EVP_EC_gen("P-256"), EVP_PKEY_free};
  made.x509_ = {X509_new(), X509_free};
  require(made.key_ && made.x509_, "key");
  name_and_sign(made.x509_.get(), made.key_.get());
  return made;
}

Fingerprint Certificate::fingerprint(Hash hash) const {
  return Fingerprint::of(der_of(x509_.get()), hash);
}

}  // namespace stile::media
