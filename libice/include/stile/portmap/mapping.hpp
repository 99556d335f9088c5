#pragma once

#include <array>
#include <list>
#include <optional>
#include <string>
#include <variant>

#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"
#include "stile/base/random.hpp"
#include "stile/stun/transaction.hpp"

namespace stile::portmap {

inline constexpr std::uint16_t server_port = 5351;  ///< RFC 6887 §19.1, RFC 6886 §3.1

enum class Protocol : std::uint8_t { tcp = 6, udp = 17 };

struct Config {
  TransportAddress router;    ///< whom to ask: mostly the default router, at server_port
  TransportAddress internal;  ///< ours, that is to be reached; what is sent must leave from its
                              ///< address (RFC 6887 §8.1)
  Protocol protocol = Protocol::udp;
  Duration lifetime = std::chrono::hours(2);  ///< RFC 6886 §3.3
};

/// Whoever writes to this address reaches the internal one. Told anew when it is another.
struct Mapped {
  TransportAddress external;
};
/// There is no mapping, or it is gone.
struct Lost {
  std::string reason;  ///< one line
};
using Event = std::variant<Mapped, Lost>;

/// Has a router map one port to this host, and keeps it mapped: a client of PCP (RFC 6887 §11),
/// and of NAT-PMP (RFC 6886) if the router knows no PCP.
///
/// One input, drain, sleep: call one method that takes `now`, then take poll_transmit() and
/// poll_event() until empty, then sleep until poll_timeout(). What poll_transmit() gives is for the
/// router.
class Mapping {
 public:
  /// `random` outlives the mapping.
  Mapping(Config config, Random& random);

  void request(Instant now);
  /// Gives it back; the router is told once, and nothing more happens.
  void close();

  /// From the router's address and port; what comes from elsewhere must not be given (RFC 6887
  /// §8.3).
  void handle_datagram(Instant now, Bytes datagram);
  void handle_timeout(Instant now);
  Instant poll_timeout() const;
  std::optional<ByteVector> poll_transmit();
  std::optional<Event> poll_event();

  const Config& config() const { return config_; }
  const std::optional<TransportAddress>& external() const { return external_; }

 private:
  enum class Dialect : std::uint8_t { pcp, nat_pmp };

  // mapping.cpp
  void ask(Instant now);
  void send_requests(std::uint32_t lifetime_seconds);
  void granted(Instant now, const TransportAddress& external, std::uint32_t lifetime_seconds);
  void lose(std::string reason);

  // pcp.cpp
  ByteVector map_request(std::uint32_t lifetime_seconds) const;
  void take_pcp(Instant now, Bytes datagram);

  // nat_pmp.cpp
  ByteVector nat_pmp_map_request(std::uint32_t lifetime_seconds) const;
  void take_nat_pmp(Instant now, Bytes datagram);

  Config config_;
  Random& random_;
  std::array<std::uint8_t, 12> nonce_{};
  Dialect dialect_ = Dialect::pcp;
  std::optional<stun::TransactionTimer> asking_;
  std::optional<TransportAddress> external_;
  Instant renew_at_ = never;
  Instant ends_at_ = never;
  std::optional<IpAddress> router_external_;  ///< NAT-PMP says it apart from the port
  std::list<ByteVector> transmits_;
  std::list<Event> events_;
};

}  // namespace stile::portmap
