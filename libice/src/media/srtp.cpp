#include "stile/media/srtp.hpp"

#include <srtp2/srtp.h>

#include <stdexcept>
#include <string>

namespace stile::media {

namespace {

constexpr unsigned long replay_window = 1024;  ///< packets
static_assert(srtp_tailroom >= SRTP_MAX_TRAILER_LEN + 4);

void require(srtp_err_status_t status, const char* what) {
  if (status != srtp_err_status_ok) throw std::runtime_error(std::string("SRTP: ") + what);
}

/// For the life of the process; libsrtp is ready for another user of it in the same one.
void initialise_library() {
  static const srtp_err_status_t status = srtp_init();
  require(status, "the library cannot be used");
}

srtp_profile_t profile_of(SrtpProfile profile) {
  switch (profile) {
    case SrtpProfile::aes128_cm_sha1_80:
      return srtp_profile_aes128_cm_sha1_80;
    case SrtpProfile::aes128_cm_sha1_32:
      return srtp_profile_aes128_cm_sha1_32;
    case SrtpProfile::aead_aes_128_gcm:
      return srtp_profile_aead_aes_128_gcm;
    case SrtpProfile::aead_aes_256_gcm:
      return srtp_profile_aead_aes_256_gcm;
  }
  return srtp_profile_reserved;
}

}  // namespace

/// One direction.
struct Srtp::Streams {
  Streams(SrtpProfile profile, ByteVector key, srtp_ssrc_type_t direction) {
    initialise_library();
    srtp_policy_t policy{};
    require(srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile_of(profile)),
            "this build of libsrtp has not the profile");
    require(srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile_of(profile)),
            "this build of libsrtp has not the profile");
    const auto [key_size, salt_size] = key_sizes(profile);
    if (key.size() != key_size + salt_size) throw std::runtime_error("SRTP: a key of a wrong size");
    policy.ssrc.type = direction;
    policy.key = key.data();
    policy.window_size = replay_window;
    policy.allow_repeat_tx = 1;  // a retransmission has the number of the first
    require(srtp_create(&context, &policy), "no context");
  }
  ~Streams() { srtp_dealloc(context); }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  srtp_t context = nullptr;
};

Srtp::Srtp(const SrtpKeys& keys)
    : out_(std::make_unique<Streams>(keys.profile, keys.ours, ssrc_any_outbound)),
      in_(std::make_unique<Streams>(keys.profile, keys.theirs, ssrc_any_inbound)) {}
Srtp::~Srtp() = default;
Srtp::Srtp(Srtp&&) noexcept = default;
Srtp& Srtp::operator=(Srtp&&) noexcept = default;

std::optional<MutableBytes> Srtp::protect_rtp(MutableBytes packet) {
  int size = static_cast<int>(packet.size());
  const srtp_err_status_t status = srtp_protect(out_->context, packet.data(), &size);
  return judge(status, packet, size);
}

std::optional<MutableBytes> Srtp::protect_rtcp(MutableBytes packet) {
  int size = static_cast<int>(packet.size());
  const srtp_err_status_t status = srtp_protect_rtcp(out_->context, packet.data(), &size);
  return judge(status, packet, size);
}

std::optional<MutableBytes> Srtp::unprotect_rtp(MutableBytes packet) {
  int size = static_cast<int>(packet.size());
  const srtp_err_status_t status = srtp_unprotect(in_->context, packet.data(), &size);
  return judge(status, packet, size);
}

std::optional<MutableBytes> Srtp::unprotect_rtcp(MutableBytes packet) {
  int size = static_cast<int>(packet.size());
  const srtp_err_status_t status = srtp_unprotect_rtcp(in_->context, packet.data(), &size);
  return judge(status, packet, size);
}

std::optional<MutableBytes> Srtp::judge(int status, MutableBytes packet, int size) {
  if (status == srtp_err_status_ok)
    return MutableBytes(packet.data(), static_cast<std::size_t>(size));
  if (status == srtp_err_status_auth_fail)
    ++counters_.unauthenticated;
  else if (status == srtp_err_status_replay_fail || status == srtp_err_status_replay_old)
    ++counters_.replayed;
  else
    ++counters_.malformed;
  return std::nullopt;
}

}  // namespace stile::media
