#pragma once

#include <optional>
#include <vector>

#include "stile/media/dtls.hpp"
#include "stile/media/packet_kind.hpp"
#include "stile/media/srtp.hpp"

namespace stile::media {

/// What a WebRTC or SIP endpoint sends over an ICE session: DTLS, and SRTP and SRTCP with the keys
/// of its handshake (RFC 5764), multiplexed (RFC 7983). Like Dtls: one input, drain, sleep.
class Transport {
 public:
  explicit Transport(DtlsConfig config = {}) : dtls_(std::move(config)) {}

  /// A packet that came: decrypted, in the datagram.
  struct Received {
    PacketKind kind;  ///< rtp or rtcp
    MutableBytes packet;
  };
  struct Counters {
    std::uint64_t before_keys = 0;  ///< RTP that came too early to be read
    std::uint64_t unknown = 0;      ///< neither DTLS nor RTP
  };

  Fingerprint fingerprint() const { return dtls_.fingerprint(); }
  void start(Instant now, Setup ours, std::vector<Fingerprint> of_peer);

  /// What the ICE session has received.
  std::optional<Received> handle_datagram(Instant now, MutableBytes datagram);
  /// To be sent to the peer; nothing if there are no keys yet, or it is no such packet. `packet`
  /// has srtp_tailroom free bytes behind it.
  std::optional<MutableBytes> protect(MutableBytes packet);

  void handle_timeout(Instant now);
  Instant poll_timeout() const { return dtls_.poll_timeout(); }
  std::optional<ByteVector> poll_transmit() { return dtls_.poll_transmit(); }
  std::optional<ByteVector> poll_data() { return dtls_.poll_data(); }
  bool send_data(Bytes data) { return dtls_.send(data); }
  void close(Instant now) { dtls_.close(now); }

  Dtls::State state() const { return dtls_.state(); }
  const std::string& reason() const { return dtls_.reason(); }
  std::optional<SrtpProfile> profile() const;
  const Counters& counters() const { return counters_; }
  SrtpCounters srtp_counters() const { return srtp_ ? srtp_->counters() : SrtpCounters{}; }

 private:
  void take_keys();
  Dtls dtls_;
  std::optional<Srtp> srtp_;
  Counters counters_;
};

}  // namespace stile::media
