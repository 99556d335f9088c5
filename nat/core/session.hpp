#pragma once

#include "nat/core/endpoint.hpp"
#include "nat/core/mapping.hpp"
#include "nat/core/nat.hpp"
#include "nat/core/tcp_tracking.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat {

/// Packets (40 bits) and bytes (48 bits) of each side.
class [[gnu::packed, gnu::aligned(2)]] SessionTraffic {
 public:
  void add(Side from, std::uint32_t bytes) {
    const auto i = static_cast<std::size_t>(from);
    bytes_low_[i] += bytes;
    if (bytes_low_[i] < bytes) ++bytes_high_[i];
    if (++packets_low_[i] == 0) ++packets_high_[i];
  }
  Traffic of(Side from) const {
    const auto i = static_cast<std::size_t>(from);
    return {std::uint64_t{packets_high_[i]} << 32 | packets_low_[i],
            std::uint64_t{bytes_high_[i]} << 32 | bytes_low_[i]};
  }
  void set(Side from, const Traffic& traffic) {
    const auto i = static_cast<std::size_t>(from);
    packets_low_[i] = static_cast<std::uint32_t>(traffic.packets);
    packets_high_[i] = static_cast<std::uint8_t>(traffic.packets >> 32);
    bytes_low_[i] = static_cast<std::uint32_t>(traffic.bytes);
    bytes_high_[i] = static_cast<std::uint16_t>(traffic.bytes >> 32);
  }

 private:
  std::uint32_t packets_low_[2] = {};
  std::uint32_t bytes_low_[2] = {};
  std::uint16_t bytes_high_[2] = {};
  std::uint8_t packets_high_[2] = {};
};

/// A mapping and one remote endpoint: what filters ask for and what ages (RFC 4787 §4.3,
/// "per-session"). One cache line: a packet of a known flow needs nothing else.
struct alignas(64) Session {
  Instant deadline{};
  StoredEndpoint inside;
  StoredEndpoint external;
  StoredEndpoint remote;
  Protocol protocol = Protocol::udp;
  bool is_closing : 1 = false;     ///< of DCCP and SCTP
  bool is_queued : 1 = false;      ///< it has its entry in the queue of sessions
  bool was_asked_for : 1 = false;  ///< by a PEER request, whose terms are kept beside
  TcpTracking tcp;
  SessionTraffic traffic;
};
static_assert(sizeof(Session) == 64);
using SessionId = SlotId<Session>;

/// What only the end of a session, and its mapping, need to know of it.
struct SessionLinks {
  std::uint32_t mapping = no_record;
  std::uint32_t next = no_record;  ///< of the same mapping
  std::uint32_t previous = no_record;
};

using SessionRef = RecordRef<Session>;

}  // namespace stile::nat
