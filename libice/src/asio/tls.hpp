#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string>

#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile {

/// Limit: for a connection and its handshake together.
inline constexpr auto connection_patience = std::chrono::seconds(10);

/// The reverse of steady_time().
inline Instant instant_of(std::chrono::steady_clock::time_point time) {
  return Instant(std::chrono::ceil<Duration>(time.time_since_epoch()));
}

/// RFC 8489 §6.2.3: the certificate must have this name, or this address.
void expect_host(SSL* session, const std::string& host);
/// What was wrong with the certificate, or `otherwise`.
std::string certificate_problem(SSL* session, const std::string& otherwise);

}  // namespace stile
