#pragma once

#include <expected>
#include <memory>
#include <optional>

#include "stile/media/srtp_keys.hpp"

namespace stile::media {

/// Bytes that a packet may grow by behind its end: GCM's tag and SRTCP's index, or what libsrtp may
/// write there.
inline constexpr std::size_t srtp_tailroom = 148;

struct SrtpCounters {
  std::uint64_t unauthenticated = 0;  ///< came changed, or with another key
  std::uint64_t replayed = 0;         ///< came twice, or too late to tell
  std::uint64_t malformed = 0;
};

/// SRTP and SRTCP (RFC 3711, RFC 7714) of one peer, any number of SSRCs, both directions. Packets
/// that come may be up to 1024 behind the newest one (128 for SRTCP). Packets are changed in place.
class Srtp {
 public:
  /// Throws std::runtime_error if libsrtp cannot use the profile.
  explicit Srtp(const SrtpKeys& keys);
  ~Srtp();
  Srtp(Srtp&&) noexcept;
  Srtp& operator=(Srtp&&) noexcept;

  /// `packet` has srtp_tailroom free bytes behind it, which may be written. Nothing if it is no RTP
  /// packet. One that was protected before may be again.
  std::optional<MutableBytes> protect_rtp(MutableBytes packet);
  std::optional<MutableBytes> protect_rtcp(MutableBytes packet);
  /// Nothing, and a count, if it is to be dropped.
  std::optional<MutableBytes> unprotect_rtp(MutableBytes packet);
  std::optional<MutableBytes> unprotect_rtcp(MutableBytes packet);

  const SrtpCounters& counters() const { return counters_; }

 private:
  struct Streams;
  std::optional<MutableBytes> judge(int status, MutableBytes packet, int size);
  std::unique_ptr<Streams> out_;
  std::unique_ptr<Streams> in_;
  SrtpCounters counters_;
};

}  // namespace stile::media
