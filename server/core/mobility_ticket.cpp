#include "server/core/mobility_ticket.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace stile::relay {

namespace {

constexpr std::size_t block_size = 16;
constexpr std::size_t mac_size = 16;

enum class Direction : int { decrypt = 0, encrypt = 1 };

/// AES-256 on one block.
void transform(Direction direction, const TicketOffice::Key& key, const std::uint8_t* from,
               std::uint8_t* to) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher(EVP_CIPHER_CTX_new(),
                                                                               EVP_CIPHER_CTX_free);
  int length = 0;
  const bool done =
      cipher &&
      EVP_CipherInit_ex(cipher.get(), EVP_aes_256_ecb(), nullptr, key.data(), nullptr,
                        static_cast<int>(direction)) == 1 &&
      EVP_CIPHER_CTX_set_padding(cipher.get(), 0) == 1 &&
      EVP_CipherUpdate(cipher.get(), to, &length, from, static_cast<int>(block_size)) == 1;
  if (!done) std::abort();  // as without memory
}

}  // namespace

TicketOffice::TicketOffice(const Key& key)
    : encryption_(stun::hmac_sha256(key, as_bytes("encryption"))),
      authentication_(stun::hmac_sha256(key, as_bytes("authentication"))) {}

TicketOffice::Sealed TicketOffice::seal(const MobilityTicket& ticket) const {
  std::array<std::uint8_t, block_size> plain;
  std::ranges::copy(ticket.number, plain.begin());
  store_u16(plain.data() + 6, ticket.core);
  store_u32(plain.data() + 8, ticket.allocation.index);
  store_u32(plain.data() + 12, ticket.allocation.generation);
  Sealed sealed;
  transform(Direction::encrypt, encryption_, plain.data(), sealed.data());
  const auto mac = stun::hmac_sha256(authentication_, Bytes(sealed).first(block_size));
  std::copy_n(mac.begin(), mac_size, sealed.begin() + block_size);
  return sealed;
}

std::optional<MobilityTicket> TicketOffice::open(Bytes sealed) const {
  if (sealed.size() != block_size + mac_size) return std::nullopt;
  const auto mac = stun::hmac_sha256(authentication_, sealed.first(block_size));
  if (CRYPTO_memcmp(mac.data(), sealed.data() + block_size, mac_size) != 0) return std::nullopt;
  std::array<std::uint8_t, block_size> plain;
  transform(Direction::decrypt, encryption_, sealed.data(), plain.data());
  MobilityTicket ticket;
  std::copy_n(plain.begin(), ticket.number.size(), ticket.number.begin());
  ticket.core = load_u16(plain.data() + 6);
  ticket.allocation = {load_u32(plain.data() + 8), load_u32(plain.data() + 12)};
  return ticket;
}

}  // namespace stile::relay
