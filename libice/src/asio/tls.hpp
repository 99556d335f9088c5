#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <string>

#include "stile/asio/clock.hpp"
#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile {

/// Limit: for a connection and its handshake together.
inline constexpr auto connection_patience = std::chrono::seconds(10);

/// RFC 8489 §6.2.3: the certificate must have this name, or this address.
void expect_host(SSL* session, const std::string& host);
/// What was wrong with the certificate, or `otherwise`.
std::string certificate_problem(SSL* session, const std::string& otherwise);

}  // namespace stile
