#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "nat/core/protocol.hpp"
#include "stile/base/bytes.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/random.hpp"

namespace stile::nat::shell {

/// What a worse network would do to each packet on its way out, in both directions.
struct ImpairmentConfig {
  Duration delay{};
  Duration jitter{};             ///< the delay varies uniformly by this much, up and down
  double loss = 0;               ///< probability, 0-1
  std::size_t max_held = 32768;  ///< packets that wait; the newest are dropped beyond
};

struct ImpairmentCounters {
  std::uint64_t lost = 0;
  std::uint64_t delayed = 0;
  std::uint64_t dropped_full = 0;
};

/// Loses and delays packets. Each direction keeps its order, as a queue in a router does: jitter
/// does not reorder.
class Impairment {
 public:
  /// `random` outlives this.
  Impairment(const ImpairmentConfig& config, Random& random) : config_(config), random_(random) {}

  /// For the packets to come.
  void reconfigure(const ImpairmentConfig& config) { config_ = config; }

  enum class Fate : std::uint8_t { pass, lost, held };
  /// `held`: a copy comes out of poll_packet() when its time has come.
  Fate handle_packet(Instant now, Side to, Bytes packet);

  struct Released {
    Side to = Side::inside;
    ByteVector packet;
  };
  std::optional<Released> poll_packet(Instant now);
  Instant poll_timeout() const;

  const ImpairmentCounters& counters() const { return counters_; }

 private:
  struct Held {
    Instant release;
    ByteVector packet;
  };
  Duration varied_delay();
  std::deque<Held>& queue(Side to) { return queues_[static_cast<std::size_t>(to)]; }

  ImpairmentConfig config_;
  Random& random_;
  ImpairmentCounters counters_;
  std::deque<Held> queues_[2];
};

}  // namespace stile::nat::shell
