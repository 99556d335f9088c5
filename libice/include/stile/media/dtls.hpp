#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stile/base/instant.hpp"
#include "stile/media/certificate.hpp"
#include "stile/media/srtp_keys.hpp"

namespace stile::media {

/// a=setup (RFC 8842 §5.3): who sends the ClientHello. An offer says `actpass`, its answer should
/// say `active`, so that the answerer begins at once.
enum class Setup : std::uint8_t { active, passive };

struct DtlsConfig {
  Certificate certificate = Certificate::make();
  /// RFC 5764 §4.1.2, best first.
  std::vector<SrtpProfile> profiles = {SrtpProfile::aead_aes_256_gcm, SrtpProfile::aead_aes_128_gcm,
                                       SrtpProfile::aes128_cm_sha1_80};
  /// Without keys for SRTP, if the peer agrees on no profile; else the handshake fails.
  bool data_only = false;
  std::size_t mtu = 1200;  ///< bytes of a datagram of the handshake
  /// A flight without an answer is sent again after this, then after twice this and so on, up to
  /// three seconds. Twice the round trip that ICE has measured is right, and not less than 50 ms.
  Duration retransmission = std::chrono::milliseconds(200);
  Duration patience = std::chrono::seconds(30);  ///< Limit: for the handshake
};

/// One DTLS 1.2 association over whatever carries its datagrams, such as an ICE session (RFC 5763,
/// RFC 5764, RFC 8827 §6.5): the peer's certificate is known by its fingerprint alone.
///
/// One input, drain, sleep: call one method that takes `now`, then take poll_transmit() and
/// poll_data() until empty, then sleep until poll_timeout(). Deviation: docs/architecture.md: the
/// gaps between retransmissions are measured by OpenSSL itself, by the system's clock; a driver in
/// virtual time gets none.
class Dtls {
 public:
  enum class State : std::uint8_t { idle, handshaking, connected, failed, closed };

  /// Throws std::runtime_error if OpenSSL cannot do what is configured.
  explicit Dtls(DtlsConfig config = {});
  ~Dtls();
  Dtls(Dtls&&) noexcept;
  Dtls& operator=(Dtls&&) noexcept;

  /// To be told to the peer.
  Fingerprint fingerprint() const;

  /// Once, when the peer's description is known. What has come before is looked at now.
  void start(Instant now, Setup ours, std::vector<Fingerprint> of_peer);
  /// Of kind `dtls` (packet_kind()). Before start() the first four are kept, since a ClientHello
  /// may be faster than the signalling.
  void handle_datagram(Instant now, Bytes datagram);
  void handle_timeout(Instant now);
  Instant poll_timeout() const;
  /// To be sent to the peer.
  std::optional<ByteVector> poll_transmit();

  State state() const;
  /// Why it has failed, in one line.
  const std::string& reason() const;
  /// Once it is connected; nothing with `data_only` and no profile in common.
  const std::optional<SrtpKeys>& keys() const;

  /// Application data, such as SCTP's: a record of at most 16 KiB. False if it is not connected.
  bool send(Bytes data);
  std::optional<ByteVector> poll_data();

  /// Says goodbye (close_notify), which is to be sent.
  void close(Instant now);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stile::media
