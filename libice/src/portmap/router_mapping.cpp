#include "stile/portmap/router_mapping.hpp"

#include <algorithm>

namespace stile::portmap {

namespace {

// Who knows PCP or NAT-PMP has answered by then: it is one hop away.
constexpr Duration patience = std::chrono::milliseconds(250);

}  // namespace

bool RouterMapping::may_try_upnp() const {
  return UpnpMapping::is_supported() && config_.router.ip.is_v4() && upnp_try_ == Try::none;
}

void RouterMapping::request(Instant now) {
  if (external() || pcp_try_ == Try::under_way || upnp_try_ == Try::under_way) return;
  pcp_try_ = Try::under_way;
  upnp_try_ = Try::none;
  if (may_try_upnp()) upnp_at_ = now + patience;
  pcp_.request(now);
  take_events(now);
}

void RouterMapping::try_upnp(Instant now) {
  upnp_at_ = never;
  upnp_try_ = Try::under_way;
  upnp_.request(now);
}

void RouterMapping::close() {
  pcp_.close();
  upnp_.close();
  upnp_at_ = never;
}

/// Searches are answered from any port.
bool RouterMapping::expects(const TransportAddress& from, Bytes datagram) const {
  if (from == config_.router) return true;
  return upnp_.is_searching() && from.ip == config_.router.ip &&
         as_text(datagram).starts_with("HTTP/1.");
}

void RouterMapping::handle_datagram(Instant now, const TransportAddress& from, Bytes datagram) {
  if (from == config_.router)
    pcp_.handle_datagram(now, datagram);
  else
    upnp_.handle_datagram(now, datagram);
  take_events(now);
}

void RouterMapping::handle_answer(Instant now, const HttpOutcome& outcome) {
  upnp_.handle_answer(now, outcome);
  take_events(now);
}

void RouterMapping::handle_timeout(Instant now) {
  pcp_.handle_timeout(now);
  upnp_.handle_timeout(now);
  if (now >= upnp_at_) try_upnp(now);
  take_events(now);
}

Instant RouterMapping::poll_timeout() const {
  return std::min({pcp_.poll_timeout(), upnp_.poll_timeout(), upnp_at_});
}

void RouterMapping::take_events(Instant now) {
  while (auto event = pcp_.poll_event()) {
    if (const auto* lost = std::get_if<Lost>(&*event)) {
      pcp_try_ = Try::lost;
      pcp_problem_ = lost->reason;
      if (may_try_upnp()) try_upnp(now);
      continue;
    }
    pcp_try_ = Try::mapped;
    upnp_at_ = never;
    upnp_.close();
    upnp_try_ = Try::none;
    upnp_problem_.clear();
    events_.push_back(std::move(*event));
  }
  while (auto event = upnp_.poll_event()) {
    if (const auto* lost = std::get_if<Lost>(&*event)) {
      upnp_try_ = Try::lost;
      upnp_problem_ = lost->reason;
      continue;
    }
    upnp_try_ = Try::mapped;
    pcp_.close();
    pcp_try_ = Try::lost;
    pcp_problem_.clear();
    events_.push_back(std::move(*event));
  }
  const bool upnp_is_over = upnp_try_ == Try::lost || upnp_try_ == Try::none;
  if (pcp_try_ != Try::lost || !upnp_is_over || upnp_at_ != never) return;
  pcp_try_ = upnp_try_ = Try::none;
  const bool both = !pcp_problem_.empty() && !upnp_problem_.empty();
  events_.push_back(Lost{pcp_problem_ + (both ? "; " : "") + upnp_problem_});
  pcp_problem_.clear();
  upnp_problem_.clear();
}

std::optional<RouterMapping::Transmit> RouterMapping::poll_transmit() {
  if (auto bytes = pcp_.poll_transmit()) return Transmit{config_.router, std::move(*bytes)};
  if (auto bytes = upnp_.poll_transmit()) return Transmit{ssdp_group, std::move(*bytes)};
  return std::nullopt;
}

std::optional<Event> RouterMapping::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace stile::portmap
