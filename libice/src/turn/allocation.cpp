#include <algorithm>
#include <cassert>

#include "stile/turn/client.hpp"

namespace stile::turn {

namespace {

using std::chrono::seconds;

/// RFC 8656 §8: "refresh ... about 1 minute before"; half of it where the whole is short.
constexpr Duration refresh_margin = seconds(60);
constexpr Duration shortest_refresh = seconds(1);  ///< Limit: whatever lifetime the server grants

std::string in_words(std::uint16_t error, const std::string& reason) {
  if (error == 0) return reason;
  switch (static_cast<stun::ErrorNumber>(error)) {
    case stun::ErrorNumber::unauthenticated:
      return reason.empty() ? "wrong user name or password" : reason;
    case stun::ErrorNumber::forbidden:
      return "403: relaying is forbidden for us";
    case stun::ErrorNumber::allocation_mismatch:
      return "437: it takes this port for an earlier allocation's";
    case stun::ErrorNumber::address_family_not_supported:
      return "440: it has no relayed addresses of this family";
    case stun::ErrorNumber::allocation_quota_reached:
      return "486: the user has all allocations that it may have";
    case stun::ErrorNumber::insufficient_capacity:
      return "508: it has no relayed address left";
    default:
      return std::to_string(error) + (reason.empty() ? "" : ": " + reason);
  }
}

}  // namespace

// RFC 8656 §7.3: an allocation that is of no use is deleted.
void Client::succeed(Instant now, const AllocateRequest&, const stun::MessageView& response) {
  const auto relayed = response.get<stun::XorRelayedAddress>();
  const auto mapped = response.get<stun::XorMappedAddress>();
  if (!relayed || !mapped || relayed->address.family() != config_.family) {
    allocation_.emplace();
    close(now);
    events_.push_back(
        Failed{static_cast<std::uint16_t>(stun::ErrorNumber::server_error),
               "answered without a relayed address of the family that was asked for"});
    return;
  }
  allocation_ = Allocation{{relayed->address, mapped->address}, never};
  plan_refresh(now, response);
  events_.push_back(allocation_->addresses);
  request_permissions(now);
  request_channels(now);
}

void Client::refuse(Instant, const AllocateRequest&, std::uint16_t error,
                    const std::string& reason) {
  fail(error, in_words(error, reason));
}

void Client::succeed(Instant now, const RefreshRequest&, const stun::MessageView& response) {
  if (allocation_) plan_refresh(now, response);
}

// RFC 8656 §8.3: a refresh that is refused means that the allocation is gone.
void Client::refuse(Instant, const RefreshRequest&, std::uint16_t error,
                    const std::string& reason) {
  fail(error, in_words(error, reason));
}

void Client::plan_refresh(Instant now, const stun::MessageView& response) {
  assert(allocation_ && "what is refreshed is there");
  const auto lifetime = response.get<stun::LifetimeAttribute>();
  const Duration granted = lifetime ? Duration(seconds(lifetime->value)) : config_.lifetime;
  allocation_->refresh_at =
      now + std::max({granted - refresh_margin, granted / 2, shortest_refresh});
}

}  // namespace stile::turn
