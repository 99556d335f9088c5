#include "server/core/resources.hpp"

#include <openssl/crypto.h>

#include <algorithm>

namespace stile::relay {

namespace {

Quota::Limits allocation_limits(const Config& config) {
  return {config.user_quota, config.network_quota, config.total_quota};
}
Quota::Limits connection_limits(const Config& config) {
  return {config.connections_per_user, 0, config.total_connections};
}

}  // namespace

Resources::Resources(const Config& config)
    : reservation_lifetime_(config.reservation_lifetime),
      nonce_keys_(config),
      quota_(allocation_limits(config)),
      connections_(connection_limits(config)),
      ports_{PortPool(config.relay_ports, config.port_quarantine),
             PortPool(config.relay_ports, config.port_quarantine)} {}

void Resources::configure(const Config& config) {
  const std::scoped_lock lock(mutex_);
  reservation_lifetime_ = config.reservation_lifetime;
  nonce_keys_.configure(config);
  quota_.set_limits(allocation_limits(config));
  connections_.set_limits(connection_limits(config));
  for (PortPool& pool : ports_) pool.set_quarantine(config.port_quarantine);
}

bool Resources::take_quota(Instant now, const QuotaHolder& holder, std::size_t units) {
  const std::scoped_lock lock(mutex_);
  drop_expired(now);
  return quota_.take(holder, units);
}

void Resources::give_back_quota(const QuotaHolder& holder, std::size_t units) {
  const std::scoped_lock lock(mutex_);
  quota_.give_back(holder, units);
}

bool Resources::pass_on_quota(Instant now, const QuotaHolder& from, const QuotaHolder& to) {
  const std::scoped_lock lock(mutex_);
  drop_expired(now);
  return quota_.pass_on(from, to);
}

Bandwidth& Resources::bandwidth_of(std::string_view user) {
  const std::scoped_lock lock(mutex_);
  return quota_.bandwidth_of(user);
}

bool Resources::is_full(Instant now, std::size_t units) {
  const std::scoped_lock lock(mutex_);
  drop_expired(now);
  return quota_.is_full(units);
}

std::size_t Resources::allocations(Instant now) {
  const std::scoped_lock lock(mutex_);
  drop_expired(now);
  return quota_.held() - reservations_.size();
}

NonceKeys::InUse Resources::nonce_keys(UnixSeconds wall, Random& random) {
  const std::scoped_lock lock(mutex_);
  return nonce_keys_.at(wall, random);
}

TicketOffice::Key Resources::ticket_key(Random& random) {
  const std::scoped_lock lock(mutex_);
  if (!ticket_key_) random.fill(ticket_key_.emplace());
  return *ticket_key_;
}

bool Resources::take_connection(std::string_view user) {
  const std::scoped_lock lock(mutex_);
  return connections_.take({user, {}}, 1);
}

void Resources::give_back_connection(std::string_view user) {
  const std::scoped_lock lock(mutex_);
  connections_.give_back({user, {}}, 1);
}

std::optional<std::uint16_t> Resources::take_port(Instant now, Family family, Random& random,
                                                  PortWish wish, std::string_view user) {
  const std::scoped_lock lock(mutex_);
  drop_expired(now);
  return ports(family).take(now, random, wish, user);
}

void Resources::give_back_port(Instant now, Family family, std::uint16_t port,
                               std::string_view user) {
  const std::scoped_lock lock(mutex_);
  ports(family).give_back(now, port, user);
}

void Resources::cancel_port(Family family, std::uint16_t port) {
  const std::scoped_lock lock(mutex_);
  ports(family).cancel(port);
}

ReservationToken Resources::reserve(Instant now, Family family, std::uint16_t port,
                                    const QuotaHolder& maker, Random& random) {
  ReservationToken token;
  random.fill(token);
  const std::scoped_lock lock(mutex_);
  reservations_.push_back(
      {token, {family, port}, std::string(maker.user), maker.network, now + reservation_lifetime_});
  return token;
}

std::expected<Resources::Claimed, Resources::ClaimError> Resources::claim(
    Instant now, const ReservationToken& token, const QuotaHolder& claimer) {
  const std::scoped_lock lock(mutex_);
  drop_expired(now);
  const auto found = std::ranges::find_if(reservations_, [&](const Reservation& each) {
    return CRYPTO_memcmp(each.token.data(), token.data(), token.size()) == 0;
  });
  if (found == reservations_.end()) return std::unexpected(ClaimError::unknown_token);
  if (!quota_.pass_on(found->holder(), claimer)) return std::unexpected(ClaimError::quota_reached);
  const Claimed claimed = found->port;
  reservations_.erase(found);
  return claimed;
}

void Resources::drop_expired(Instant now) {
  std::erase_if(reservations_, [&](const Reservation& reservation) {
    if (reservation.expires > now) return false;
    ports(reservation.port.family).cancel(reservation.port.port);
    quota_.give_back(reservation.holder(), 1);
    return true;
  });
}

}  // namespace stile::relay
