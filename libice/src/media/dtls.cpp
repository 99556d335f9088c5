#include "stile/media/dtls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <utility>

#include "media/datagram_bio.hpp"
#include "media/der.hpp"

namespace stile::media {

namespace {

constexpr std::size_t max_early_datagrams = 4;  ///< Limit: before the peer's description is known
constexpr std::size_t max_unread = 256;         ///< Limit: records that nobody takes; the oldest go
constexpr std::size_t longest_record = 16'384;  ///< RFC 6347 §4.1
constexpr auto longest_gap = std::chrono::seconds(3);
/// RFC 8827 §6.5: ECDHE with ECDSA certificates, AEAD; RSA for peers that still have such a
/// certificate, CBC for those of OpenSSL's last decade.
constexpr const char* ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA";

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Session = std::unique_ptr<SSL, decltype(&SSL_free)>;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("DTLS: ") + what);
}

std::string names_of(const std::vector<SrtpProfile>& profiles) {
  std::string names;
  for (const SrtpProfile profile : profiles)
    names += (names.empty() ? "" : ":") + std::string(to_string(profile));
  return names;
}

Context make_context(const DtlsConfig& config) {
  Context context(SSL_CTX_new(DTLS_method()), SSL_CTX_free);
  require(context != nullptr, "no memory");
  SSL_CTX_set_min_proto_version(context.get(), DTLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  require(SSL_CTX_set_cipher_list(context.get(), ciphers) == 1, "no ciphers");
  require(SSL_CTX_use_certificate(context.get(), config.certificate.x509()) == 1 &&
              SSL_CTX_use_PrivateKey(context.get(), config.certificate.key()) == 1,
          "the certificate cannot be used");
  if (!config.profiles.empty())  // 0 is success here
    require(SSL_CTX_set_tlsext_use_srtp(context.get(), names_of(config.profiles).c_str()) == 0,
            "the SRTP profiles cannot be used");
  return context;
}

}  // namespace

struct Dtls::Impl {
  explicit Impl(DtlsConfig configuration)
      : config(std::move(configuration)),
        context(make_context(config)),
        session(SSL_new(context.get()), SSL_free) {
    require(session != nullptr, "no memory");
    BIO_up_ref(wire.get());
    SSL_set_bio(session.get(), wire.get(), wire.get());
    SSL_set_mtu(session.get(), static_cast<long>(config.mtu));
    SSL_set_app_data(session.get(), this);
    SSL_CTX_set_cert_verify_callback(context.get(), verify, this);
    SSL_set_verify(session.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    DTLS_set_timer_cb(session.get(), gap_after);
  }

  // RFC 8827 §6.5: in both roles, and before a key is used.
  static int verify(X509_STORE_CTX* store, void* self) {
    return matches(der_of(X509_STORE_CTX_get0_cert(store)), static_cast<Impl*>(self)->of_peer);
  }

  /// RFC 6347 §4.2.4.1; microseconds.
  static unsigned gap_after(SSL* of, unsigned last) {
    const auto first = static_cast<const Impl*>(SSL_get_app_data(of))->config.retransmission;
    const Duration gap = last == 0 ? first : std::chrono::microseconds(2 * last);
    return static_cast<unsigned>(std::min<Duration>(gap, longest_gap).count());
  }

  void take(Bytes datagram);
  void go_on();
  void be_connected();
  void read();
  void fail(std::string why);
  bool over() const { return state == State::failed || state == State::closed; }

  DtlsConfig config;
  DatagramBio wire;
  Context context;
  Session session;
  Setup setup = Setup::active;
  State state = State::idle;
  std::string reason;
  std::vector<Fingerprint> of_peer;
  std::optional<SrtpKeys> keys;
  Instant give_up_at = never;
  Instant last_input{};
  std::vector<ByteVector> early;
  std::deque<ByteVector> unread;
};

Dtls::Dtls(DtlsConfig config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Dtls::~Dtls() = default;
Dtls::Dtls(Dtls&&) noexcept = default;
Dtls& Dtls::operator=(Dtls&&) noexcept = default;

Fingerprint Dtls::fingerprint() const {
  return impl_->config.certificate.fingerprint();
}
Dtls::State Dtls::state() const {
  return impl_->state;
}
const std::string& Dtls::reason() const {
  return impl_->reason;
}
const std::optional<SrtpKeys>& Dtls::keys() const {
  return impl_->keys;
}

void Dtls::start(Instant now, Setup ours, std::vector<Fingerprint> of_peer) {
  if (impl_->state != State::idle) return;
  impl_->last_input = now;
  impl_->setup = ours;
  impl_->of_peer = std::move(of_peer);
  impl_->state = State::handshaking;
  impl_->give_up_at = now + impl_->config.patience;
  if (ours == Setup::active)
    SSL_set_connect_state(impl_->session.get());
  else
    SSL_set_accept_state(impl_->session.get());
  impl_->go_on();
  for (const ByteVector& datagram : std::exchange(impl_->early, {})) impl_->take(datagram);
}

void Dtls::handle_datagram(Instant now, Bytes datagram) {
  impl_->last_input = now;
  if (impl_->state != State::idle) return impl_->take(datagram);
  if (impl_->early.size() < max_early_datagrams) impl_->early.push_back(copy_of(datagram));
}

void Dtls::handle_timeout(Instant now) {
  impl_->last_input = now;
  if (impl_->state != State::handshaking) return;
  if (now >= impl_->give_up_at) return impl_->fail("the peer does not answer");
  ERR_clear_error();
  if (DTLSv1_handle_timeout(impl_->session.get()) < 0) impl_->fail("the peer does not answer");
}

Instant Dtls::poll_timeout() const {
  if (impl_->state != State::handshaking) return never;
  timeval left{};
  if (DTLSv1_get_timeout(impl_->session.get(), &left) != 1) return impl_->give_up_at;
  const Duration gap = std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
  return std::min(impl_->give_up_at, impl_->last_input + gap);
}

std::optional<ByteVector> Dtls::poll_transmit() {
  auto& output = impl_->wire.output();
  if (output.empty()) return std::nullopt;
  ByteVector datagram = std::move(output.front());
  output.pop_front();
  return datagram;
}

std::optional<ByteVector> Dtls::poll_data() {
  if (impl_->unread.empty()) return std::nullopt;
  ByteVector data = std::move(impl_->unread.front());
  impl_->unread.pop_front();
  return data;
}

bool Dtls::send(Bytes data) {
  if (impl_->state != State::connected || data.empty() || data.size() > longest_record)
    return false;
  ERR_clear_error();
  return SSL_write(impl_->session.get(), data.data(), static_cast<int>(data.size())) > 0;
}

void Dtls::close(Instant now) {
  impl_->last_input = now;
  if (impl_->state == State::connected) {
    ERR_clear_error();
    SSL_shutdown(impl_->session.get());
  }
  if (!impl_->over()) impl_->state = State::closed;
}

void Dtls::Impl::take(Bytes datagram) {
  if (over()) return;
  wire.set_input(datagram);
  if (state == State::handshaking) go_on();
  if (state == State::connected) read();
  wire.set_input({});
}

/// A record that is none, or that nobody has signed, is dropped by OpenSSL without a word (RFC 6347
/// §4.1.2.7).
void Dtls::Impl::go_on() {
  ERR_clear_error();
  const int result = SSL_do_handshake(session.get());
  if (result == 1) return be_connected();
  const int error = SSL_get_error(session.get(), result);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
  const unsigned long code = ERR_peek_error();
  if (ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
    return fail("the peer's certificate has not the fingerprint that was signalled");
  const char* words = ERR_reason_error_string(code);
  fail(std::string("the handshake failed: ") + (words ? words : "no reason given"));
}

// RFC 5764 §4.2: client write key, server write key, client write salt, server write salt.
void Dtls::Impl::be_connected() {
  state = State::connected;
  const SRTP_PROTECTION_PROFILE* agreed = SSL_get_selected_srtp_profile(session.get());
  if (!agreed) {
    if (!config.data_only) fail("the peer has no SRTP profile in common with us");
    return;
  }
  const auto profile = static_cast<SrtpProfile>(agreed->id);
  const auto [key, salt] = key_sizes(profile);
  ByteVector material(2 * (key + salt));
  constexpr std::string_view label = "EXTRACTOR-dtls_srtp";
  if (SSL_export_keying_material(session.get(), material.data(), material.size(), label.data(),
                                 label.size(), nullptr, 0, 0) != 1)
    return fail("the keys for SRTP cannot be had");
  const Bytes all(material);
  const auto of = [&](std::size_t side, std::size_t key_size, std::size_t salt_size) {
    ByteVector both = copy_of(all.subspan(side * key_size, key_size));
    const Bytes behind = all.subspan(2 * key_size + side * salt_size, salt_size);
    both.insert(both.end(), behind.begin(), behind.end());
    return both;
  };
  const std::size_t us = setup == Setup::active ? 0 : 1;
  keys = SrtpKeys{profile, of(us, key, salt), of(1 - us, key, salt)};
}

void Dtls::Impl::read() {
  for (;;) {
    ByteVector record(longest_record);
    ERR_clear_error();
    const int size = SSL_read(session.get(), record.data(), static_cast<int>(record.size()));
    if (size <= 0) {
      const int error = SSL_get_error(session.get(), size);
      if (error == SSL_ERROR_ZERO_RETURN) state = State::closed;
      if (error == SSL_ERROR_SSL) fail("the association is broken");
      return;
    }
    record.resize(static_cast<std::size_t>(size));
    if (unread.size() >= max_unread) unread.pop_front();
    unread.push_back(std::move(record));
  }
}

void Dtls::Impl::fail(std::string why) {
  state = State::failed;
  reason = std::move(why);
  keys.reset();
}

}  // namespace stile::media
