#include "stile/portmap/mapping.hpp"

#include <algorithm>

#include "portmap/wire.hpp"

namespace stile::portmap {

namespace {

// Deviation: RFC 6887 §8.1.1: the gaps begin with 250 ms, as in RFC 6886 §3.1, for the router is
// one hop away and a session waits; and who has not answered in 8 s is asked no more.
constexpr stun::RetransmissionPolicy retransmission{.rto = std::chrono::milliseconds(250), .rc = 5};
constexpr Duration shortest_renewal = std::chrono::seconds(4);  // RFC 6887 §11.2.1

}  // namespace

Mapping::Mapping(Config config, Random& random) : config_(std::move(config)), random_(random) {
  random_.fill(nonce_);
}

void Mapping::request(Instant now) {
  if (!asking_ && !external_) ask(now);
}

void Mapping::ask(Instant now) {
  asking_.emplace(now, retransmission);
  renew_at_ = never;
  send_requests(static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(config_.lifetime).count()));
}

void Mapping::send_requests(std::uint32_t lifetime_seconds) {
  switch (dialect_) {
    case Dialect::pcp:
      return transmits_.push_back(map_request(lifetime_seconds));
    case Dialect::nat_pmp:
      if (!router_external_) transmits_.push_back({nat_pmp_version, external_address_opcode});
      return transmits_.push_back(nat_pmp_map_request(lifetime_seconds));
  }
}

void Mapping::close() {
  // A mapping that is being asked for may be there already.
  if (external_ || asking_) send_requests(0);
  asking_.reset();
  external_.reset();
  renew_at_ = ends_at_ = never;
}

// RFC 6887 §9: the first byte tells both apart.
void Mapping::handle_datagram(Instant now, Bytes datagram) {
  if (datagram.size() < 4 || !asking_) return;
  if (datagram[0] == nat_pmp_version) return take_nat_pmp(now, datagram);
  if (dialect_ == Dialect::pcp) take_pcp(now, datagram);
}

void Mapping::granted(Instant now, const TransportAddress& external,
                      std::uint32_t lifetime_seconds) {
  asking_.reset();
  const Duration lifetime =
      std::max(Duration(std::chrono::seconds(lifetime_seconds)), 2 * shortest_renewal);
  // RFC 6887 §11.2.1: between 1/2 and 5/8 of the lifetime.
  renew_at_ = now + std::chrono::duration_cast<Duration>(lifetime * (0.5 + 0.125 * random_.unit()));
  ends_at_ = now + lifetime;
  if (external_ == external) return;
  external_ = external;
  events_.push_back(Mapped{external});
}

void Mapping::lose(std::string reason) {
  asking_.reset();
  external_.reset();
  renew_at_ = ends_at_ = never;
  events_.push_back(Lost{std::move(reason)});
}

void Mapping::handle_timeout(Instant now) {
  if (now >= ends_at_) return lose("the mapping has run out, and is not renewed");
  if (now >= renew_at_) return ask(now);
  if (!asking_) return;
  switch (asking_->on_timeout(now)) {
    case stun::TransactionTimer::Action::wait:
      return;
    case stun::TransactionTimer::Action::retransmit:
      return send_requests(static_cast<std::uint32_t>(
          std::chrono::duration_cast<std::chrono::seconds>(config_.lifetime).count()));
    case stun::TransactionTimer::Action::timed_out:
      break;
  }
  if (!external_) return lose("answers neither to PCP nor to NAT-PMP");
  asking_.reset();
  renew_at_ = now + std::max((ends_at_ - now) / 2, shortest_renewal);
}

Instant Mapping::poll_timeout() const {
  const Instant retransmission_at = asking_ ? asking_->deadline() : never;
  return std::min({retransmission_at, renew_at_, ends_at_});
}

std::optional<ByteVector> Mapping::poll_transmit() {
  if (transmits_.empty()) return std::nullopt;
  ByteVector bytes = std::move(transmits_.front());
  transmits_.pop_front();
  return bytes;
}

std::optional<Event> Mapping::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace stile::portmap
