#pragma once

#include <array>

#include "server/shell/client_hello.hpp"
#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/random.hpp"

namespace stile::server {

/// Cookies that need no memory (RFC 6347 §4.2.1): a MAC of the time, the five-tuple and the hello's
/// parameters. They hold for the period in which they were made and for the next.
class DtlsCookies {
 public:
  static constexpr Duration period = std::chrono::seconds(30);
  using Cookie = std::array<std::uint8_t, 16>;

  explicit DtlsCookies(Random& random) { random.fill(key_); }

  Cookie make(Instant now, const FiveTuple& five_tuple, const ClientHello& hello) const;
  /// Whether the hello's cookie was made for it.
  bool valid(Instant now, const FiveTuple& five_tuple, const ClientHello& hello) const;

 private:
  Cookie of_period(std::int64_t number, const FiveTuple& five_tuple,
                   const ClientHello& hello) const;

  std::array<std::uint8_t, 32> key_{};
};

}  // namespace stile::server
