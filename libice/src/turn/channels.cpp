#include <algorithm>

#include "stile/turn/client.hpp"

namespace stile::turn {

namespace {
/// RFC 8656 §12: a binding lasts ten minutes, the permission with it five; it is renewed in time
/// for both.
constexpr Duration channel_renewal = std::chrono::minutes(4);
constexpr std::uint16_t first_channel = 0x4000;
constexpr std::uint16_t last_channel = 0x4fff;
}  // namespace

void Client::bind_channel(Instant now, const TransportAddress& peer) {
  if (std::ranges::find(channels_, peer, &Channel::peer) != channels_.end()) return;
  // Numbers are given out once, in order: one that was refused or expired may not be used again at
  // once (§12).
  const std::size_t next = channels_.empty() ? first_channel : channels_.back().number.value + 1u;
  if (channels_.size() >= config_.max_peers || next > last_channel) return;
  channels_.push_back(
      {stun::ChannelNumber{static_cast<std::uint16_t>(next)}, peer, false, false, now});
  if (allocation_) request_channels(now);
}

void Client::request_channels(Instant now) {
  for (Channel& channel : channels_) {
    if (channel.in_flight || channel.refresh_at > now) continue;
    channel.in_flight = true;
    start(now, ChannelRequest{channel.number, channel.peer});
  }
}

void Client::succeed(Instant now, const ChannelRequest& request, const stun::MessageView&) {
  const auto found = std::ranges::find(channels_, request.number, &Channel::number);
  if (found == channels_.end()) return;
  found->bound = true;
  found->in_flight = false;
  found->refresh_at = now + channel_renewal;
}

/// Without a channel data goes in Send indications, as before. It is not asked for again.
void Client::refuse(Instant, const ChannelRequest& request, std::uint16_t error,
                    const std::string& reason) {
  if (error == static_cast<std::uint16_t>(stun::ErrorNumber::allocation_mismatch))
    return fail(error, reason);
  const auto found = std::ranges::find(channels_, request.number, &Channel::number);
  if (found == channels_.end()) return;
  found->bound = false;
  found->in_flight = false;
  found->refresh_at = never;
}

}  // namespace stile::turn
