#pragma once

#include <vector>

#include "server/core/config.hpp"
#include "server/fastpath/kernel_relay.hpp"

namespace stile::server {

/// The Binding requests (RFC 8489 §12) that the kernel answers by itself. For the thread that has
/// started the KernelRelay.
class KernelBindings {
 public:
  struct Counters {
    std::uint64_t answered = 0;
    std::uint64_t limited = 0;
  };

  /// `seed`: of the hash that places networks, known to nobody.
  KernelBindings(KernelRelay& relay, std::uint64_t seed) : relay_(relay), seed_(seed) {}

  /// From now on these are asked, and each network is answered so often, as RateLimiter does it.
  void answer_at(std::vector<TransportAddress> listeners, const relay::RateLimit& limit);
  /// The generation has changed.
  void renew();
  Counters counters() const;

 private:
  void put_in(const TransportAddress& listener);
  void take_out(const TransportAddress& listener);

  KernelRelay& relay_;
  std::uint64_t seed_;
  std::vector<TransportAddress> listeners_;
  Counters counted_;  ///< by entries that have been taken out
};

}  // namespace stile::server
