#include "server/shell/dtls_cookies.hpp"

#include <openssl/crypto.h>

#include <algorithm>

#include "stile/stun/credentials.hpp"

namespace stile::server {

namespace {

std::int64_t period_of(Instant now) {
  return now.time_since_epoch() / DtlsCookies::period;
}

std::uint8_t* put(std::uint8_t* at, const TransportAddress& address) {
  at = std::ranges::copy(address.ip.v6_bytes(), at).out;
  store_u16(at, address.port);
  return at + 2;
}

}  // namespace

DtlsCookies::Cookie DtlsCookies::make(Instant now, const FiveTuple& five_tuple,
                                      const ClientHello& hello) const {
  return of_period(period_of(now), five_tuple, hello);
}

bool DtlsCookies::valid(Instant now, const FiveTuple& five_tuple, const ClientHello& hello) const {
  const auto matches = [&](std::int64_t number) {
    const Cookie expected = of_period(number, five_tuple, hello);
    return CRYPTO_memcmp(expected.data(), hello.cookie.data(), expected.size()) == 0;
  };
  if (hello.cookie.size() != Cookie().size()) return false;
  return matches(period_of(now)) || matches(period_of(now) - 1);
}

DtlsCookies::Cookie DtlsCookies::of_period(std::int64_t number, const FiveTuple& five_tuple,
                                           const ClientHello& hello) const {
  std::array<std::uint8_t, 8 + 2 * 18 + 67> input;  // the parameters are 2 + 32 + 1 + 32 at most
  store_u64(input.data(), static_cast<std::uint64_t>(number));
  std::uint8_t* end = put(put(input.data() + 8, five_tuple.client), five_tuple.server);
  end = std::ranges::copy(hello.parameters, end).out;
  const auto mac = stun::hmac_sha256(key_, Bytes(input.data(), end));
  Cookie cookie;
  std::copy_n(mac.begin(), cookie.size(), cookie.begin());
  return cookie;
}

}  // namespace stile::server
