#include "nat/portmap/server.hpp"

#include <algorithm>
#include <stdexcept>

namespace stile::nat::portmap {

Server::Server(Config config, Nat& nat, Instant now)
    : config_(std::move(config)), nat_(nat), now_(now), epoch_began_(now) {
  if (const auto problem = problem_with(config_)) throw std::invalid_argument(*problem);
  announcements_.begin(now);
}

std::optional<ByteVector> Server::handle_datagram(Instant now, const TransportAddress& client,
                                                  Bytes datagram) {
  now_ = std::max(now_, now);
  if (datagram.size() < 2 || (datagram[1] & pcp::response_bit) != 0 || !client.ip.is_v4()) {
    ++counters_.ignored;
    return std::nullopt;
  }
  if (!rate_.admits(now_, client.ip)) {
    ++counters_.rate_limited;
    return std::nullopt;
  }
  const bool is_nat_pmp = datagram[0] == 0;
  if (config_.nat_pmp && (is_nat_pmp || !config_.pcp)) return handle_nat_pmp(client, datagram);
  return handle_pcp(client, datagram);
}

// Deviation: RFC 6887 §14.2: a change of the external address is not told in mapping updates of
// each client. The announcement makes clients ask again, and the mappings of before are gone.
void Server::handle_state_loss(Instant now) {
  now_ = std::max(now_, now);
  epoch_began_ = now_;
  announcements_.begin(now_);
}

void Server::handle_timeout(Instant now) {
  now_ = std::max(now_, now);
  if (!announcements_.take_due(now_)) return;
  ++counters_.announcements;
  if (config_.pcp) outbox_.push_back(pcp::make_announcement(epoch_seconds()));
  if (config_.nat_pmp && !nat_.config().external.empty())
    outbox_.push_back(external_address(nat_.config().inside_address));
}

std::optional<ByteVector> Server::poll_announcement() {
  if (outbox_.empty()) return std::nullopt;
  ByteVector message = std::move(outbox_.front());
  outbox_.pop_front();
  return message;
}

std::uint32_t Server::epoch_seconds() const {
  const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now_ - epoch_began_);
  return static_cast<std::uint32_t>(passed.count());
}

}  // namespace stile::nat::portmap
