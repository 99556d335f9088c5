#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "stile/base/random.hpp"
#include "stile/media/transport.hpp"

namespace stile::media::test {

inline Instant instant_now() {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

/// Two transports with a network between them that loses what `passes` refuses.
struct Endpoints {
  explicit Endpoints(DtlsConfig a_config = quick(), DtlsConfig b_config = quick())
      : a(std::move(a_config)), b(std::move(b_config)) {}

  static DtlsConfig quick() {
    DtlsConfig config;
    config.retransmission = std::chrono::milliseconds(10);
    return config;
  }
  static DtlsConfig with(std::vector<SrtpProfile> profiles) {
    DtlsConfig config = quick();
    config.profiles = std::move(profiles);
    return config;
  }

  void start() {
    a.start(instant_now(), Setup::active, {b.fingerprint()});
    b.start(instant_now(), Setup::passive, {a.fingerprint()});
  }
  /// Until nothing is under way.
  void carry() {
    for (bool more = true; more;) {
      more = false;
      for (Transport* from : {&a, &b}) {
        while (auto datagram = from->poll_transmit()) {
          more = true;
          if (passes(*datagram)) (from == &a ? b : a).handle_datagram(instant_now(), *datagram);
        }
      }
    }
  }
  bool over() const { return is_over(a) && is_over(b); }
  static bool is_over(const Transport& each) {
    return each.state() == Dtls::State::connected || each.state() == Dtls::State::failed;
  }
  /// Until both have connected or failed; retransmissions are waited for.
  void run() {
    carry();
    for (int i = 0; i < 5000 && !over(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      for (Transport* each : {&a, &b})
        if (each->poll_timeout() <= instant_now()) each->handle_timeout(instant_now());
      carry();
    }
  }
  void connect() {
    start();
    run();
    REQUIRE(a.state() == Dtls::State::connected);
    REQUIRE(b.state() == Dtls::State::connected);
  }

  Transport a, b;
  std::function<bool(Bytes)> passes = [](Bytes) { return true; };
};

/// An RTP packet of one SSRC, with room behind it.
struct RtpPacket {
  explicit RtpPacket(std::uint16_t sequence_number, std::string_view payload = "payload") {
    bytes = {0x80,
             96,
             static_cast<std::uint8_t>(sequence_number >> 8),
             static_cast<std::uint8_t>(sequence_number),
             0,
             0,
             0,
             1,
             0,
             0,
             0,
             7};
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    size = bytes.size();
    bytes.resize(size + srtp_tailroom);
  }
  MutableBytes view() { return MutableBytes(bytes).first(size); }

  ByteVector bytes;
  std::size_t size;
};

}  // namespace stile::media::test
