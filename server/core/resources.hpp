#pragma once

#include <array>
#include <expected>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/config.hpp"
#include "server/core/mobility_ticket.hpp"
#include "server/core/nonce_keys.hpp"
#include "server/core/port_pool.hpp"
#include "server/core/quota.hpp"
#include "stile/base/address.hpp"

namespace stile::relay {

using ReservationToken = std::array<std::uint8_t, 8>;

/// What a server has only once, however many cores serve its clients: quotas, the ports of its
/// relay addresses, and the ports that EVEN-PORT has set aside, whose second half may come to
/// another core than the first. Touched when an allocation is made or ends, never for a packet;
/// safe to use from several threads.
class Resources {
 public:
  explicit Resources(const Config& config);
  /// Takes the limits and lifetimes of another configuration; the ports stay.
  void configure(const Config& config);

  /// RFC 8656 §7.2 check 10. Takes `units` for the user, all or none.
  bool take_quota(Instant now, const QuotaHolder& holder, std::size_t units);
  void give_back_quota(const QuotaHolder& holder, std::size_t units);
  /// One unit, when an allocation has moved (RFC 8016).
  bool pass_on_quota(Instant now, const QuotaHolder& from, const QuotaHolder& to);

  /// Shared by all cores. A user's is there as long as he holds a unit of the quota.
  Bandwidth& total_bandwidth() { return total_bandwidth_; }
  Bandwidth& bandwidth_of(std::string_view user);

  /// Whether the total quota has no room for `units` more, whoever asks.
  bool is_full(Instant now, std::size_t units);
  /// How many there are, being made included.
  std::size_t allocations(Instant now);

  /// What nonces are signed with.
  NonceKeys::InUse nonce_keys(UnixSeconds wall, Random& random);
  /// What mobility tickets are sealed with, drawn when it is asked for first.
  TicketOffice::Key ticket_key(Random& random);

  /// RFC 6062: one TCP connection with a peer.
  bool take_connection(std::string_view user);
  void give_back_connection(std::string_view user);

  /// A free port of the family's relay address, or with PortWish::even_pair that one and the next.
  std::optional<std::uint16_t> take_port(Instant now, Family family, Random& random, PortWish wish,
                                         std::string_view user);
  /// After use.
  void give_back_port(Instant now, Family family, std::uint16_t port, std::string_view user);
  /// A port that was never in use: nobody can still be sending to it.
  void cancel_port(Family family, std::uint16_t port);

  /// RFC 8656 §7.2 check 8: sets aside a port that its maker holds, with one unit of the maker's
  /// quota. Limit: the port is kept from this server's clients; it is bound when it is claimed.
  ReservationToken reserve(Instant now, Family family, std::uint16_t port, const QuotaHolder& maker,
                           Random& random);
  struct Claimed {
    Family family;
    std::uint16_t port;
  };
  enum class ClaimError { unknown_token, quota_reached };
  /// Check 5. The port and one unit of quota go over to the claimer.
  std::expected<Claimed, ClaimError> claim(Instant now, const ReservationToken& token,
                                           const QuotaHolder& claimer);

 private:
  struct Reservation {
    ReservationToken token;
    Claimed port;
    std::string maker;
    IpAddress network;  ///< the maker's
    Instant expires;
    QuotaHolder holder() const { return {maker, network}; }
  };
  void drop_expired(Instant now);
  PortPool& ports(Family family) { return ports_[static_cast<std::size_t>(family)]; }

  Duration reservation_lifetime_;
  std::mutex mutex_;
  NonceKeys nonce_keys_;
  std::optional<TicketOffice::Key> ticket_key_;
  Bandwidth total_bandwidth_;
  Quota quota_;
  Quota connections_;
  std::array<PortPool, 2> ports_;          ///< by Family
  std::vector<Reservation> reservations_;  ///< the oldest first
};

}  // namespace stile::relay
