#include "server/shell/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace stile::server {

namespace {

// Forward secrecy and authenticated encryption alone; every browser of the last ten years has one
// of them.
constexpr const char* tls_1_2_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
// The cheapest first; 256-bit keys are there for who asks for nothing else.
constexpr const char* tls_1_3_ciphers =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
constexpr const char* groups = "X25519MLKEM768:X25519:P-256:P-384";
constexpr const char* groups_before_openssl_3_5 = "X25519:P-256:P-384";
constexpr long longest_client_certificate =
    1024;  // Limit: clients show none, so nothing of theirs is large

/// RFC 7443: what this server speaks, as ALPN lists it.
constexpr unsigned char protocols[] = "\x09stun.turn\x12stun.nat-discovery";

/// RFC 7301 §3.2: a client that names protocols, but none of ours, is refused.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* out = nullptr;
  if (SSL_select_next_proto(&out, size, protocols, sizeof protocols - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = out;
  return SSL_TLSEXT_ERR_OK;
}

/// OpenSSL asks again for the cookie that DtlsSessions has checked before there was a session.
int accept_cookie(SSL*, const unsigned char*, unsigned) {
  return 1;
}
/// It would ask on the terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

std::unexpected<std::string> fault(const char* what, const std::string& file) {
  if (access(file.c_str(), R_OK) != 0)
    return std::unexpected(
        fmt::format("cannot read the {} {}: {}", what, file, std::strerror(errno)));
  const auto error = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(error);
  if (ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH)
    reason = "it is not the certificate's";
  return std::unexpected(
      fmt::format("cannot use the {} {}: {}", what, file, reason ? reason : "not PEM"));
}

void set_policy(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                   SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_max_cert_list(context, longest_client_certificate);
  SSL_CTX_set_cipher_list(context, tls_1_2_ciphers);
  SSL_CTX_set_ciphersuites(context, tls_1_3_ciphers);
  if (SSL_CTX_set1_groups_list(context, groups) != 1)
    SSL_CTX_set1_groups_list(context, groups_before_openssl_3_5);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_cookie_verify_cb(context, accept_cookie);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

}  // namespace

std::expected<TlsContext::Pointer, std::string> TlsContext::make(const SSL_METHOD* method,
                                                                 const CertificateFiles& files) {
  Pointer context(SSL_CTX_new(method));
  if (!context) throw std::bad_alloc();
  set_policy(context.get());
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
    return fault("certificate", files.certificate);
  ERR_clear_error();
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return fault("key", files.key);
  return context;
}

std::expected<TlsContext, std::string> TlsContext::load(const CertificateFiles& files) {
  auto tls = make(TLS_server_method(), files);
  if (!tls) return std::unexpected(tls.error());
  SSL_CTX_set_min_proto_version(tls->get(), TLS1_2_VERSION);
  auto dtls = make(DTLS_server_method(), files);
  if (!dtls) return std::unexpected(dtls.error());
  SSL_CTX_set_min_proto_version(dtls->get(), DTLS1_2_VERSION);
  return TlsContext(std::move(*tls), std::move(*dtls));
}

}  // namespace stile::server
