#include "server/core/aead.hpp"

#include <catch2/catch.hpp>

#include "server/core/base64.hpp"

using namespace stile;
using namespace stile::relay;

namespace {

const ByteVector nonce(aead_nonce_size);

}  // namespace

// The first cases of NIST's collection, with keys, nonces and plaintexts of zeros; what comes out
// in base64.
TEST_CASE("aead: AES-GCM as NIST has it", "[relay][rfc5116-5]") {
  const ByteVector key_128(16), key_256(32), block(16);
  CHECK(base64(aead_seal(key_128, nonce, {})) == "WOL8zvp+MGE2fx1XpOdFWg==");
  CHECK(base64(aead_seal(key_128, nonce, block)) == "A4jazmC2o5LzKMK5cbL+eKtuR9Qs7BO99TpnshJXvd8=");
  CHECK(base64(aead_seal(key_256, nonce, {})) == "Uw+K+8dFNrmpY7TxxMtziw==");
  CHECK(base64(aead_seal(key_256, nonce, block)) == "zqdAPU1ga24HTsXTuvOdGNDRyKeZmWvwJluYtdSKuRk=");
}

TEST_CASE("aead: what was sealed is opened with the same key, nonce and associated data alone",
          "[relay][rfc5116-2]") {
  const ByteVector key(32, 1);
  const Bytes plain = as_bytes("plaintext");
  const ByteVector sealed = aead_seal(key, nonce, plain, as_bytes("name"));
  CHECK(aead_open(key, nonce, sealed, as_bytes("name")) == copy_of(plain));
  CHECK_FALSE(aead_open(key, nonce, sealed, as_bytes("another")));
  CHECK_FALSE(aead_open(key, nonce, sealed));
  CHECK_FALSE(aead_open(ByteVector(32, 2), nonce, sealed, as_bytes("name")));
  CHECK_FALSE(aead_open(key, ByteVector(aead_nonce_size, 1), sealed, as_bytes("name")));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    ByteVector bent = sealed;
    bent[i] ^= 1;
    CHECK_FALSE(aead_open(key, nonce, bent, as_bytes("name")));
    CHECK_FALSE(aead_open(key, nonce, Bytes(sealed).first(i), as_bytes("name")));
  }
}
