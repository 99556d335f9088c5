#include "stile/turn/client.hpp"

#include <algorithm>

namespace stile::turn {

Client::Client(Config config, Random& random)
    : config_(std::move(config)), random_(random), authentication_(config_.credentials) {}

void Client::allocate(Instant now) {
  if (!closing_ && !allocation_ && transactions_.empty()) start(now, AllocateRequest{});
}

void Client::close(Instant now) {
  closing_ = true;
  transactions_.clear();
  permissions_.clear();
  channels_.clear();
  if (allocation_) start(now, RefreshRequest{Duration::zero()});
  allocation_.reset();
}

void Client::handle_disconnected(std::string reason) {
  if (!closing_ && (allocation_ || !transactions_.empty())) fail(0, std::move(reason));
}

std::optional<Received> Client::handle_server_datagram(Instant now, Bytes datagram) {
  if (const auto channel_data = stun::ChannelData::parse(datagram)) {
    const auto channel = std::ranges::find(channels_, channel_data->channel, &Channel::number);
    if (channel == channels_.end()) return std::nullopt;
    return Received{channel->peer, channel_data->data};
  }
  const auto message = stun::MessageView::parse(datagram);
  if (!message) return std::nullopt;
  if (message->is(stun::Class::indication, stun::Method::data)) return unwrap_indication(*message);
  if (message->is(stun::Class::indication, stun::Method::connection_attempt)) {
    take_attempt(*message);
    return std::nullopt;
  }
  const auto message_class = message->message_class();
  if (message_class == stun::Class::success_response ||
      message_class == stun::Class::error_response)
    handle_response(now, *message);
  return std::nullopt;
}

void Client::handle_timeout(Instant now) {
  for (std::size_t i = 0; i < transactions_.size();) {
    Transaction& transaction = transactions_[i];
    switch (transaction.timer.on_timeout(now)) {
      case stun::TransactionTimer::Action::wait:
        ++i;
        break;
      case stun::TransactionTimer::Action::retransmit:
        transmits_.push_back(transaction.bytes);
        ++i;
        break;
      case stun::TransactionTimer::Action::timed_out: {
        const Transaction ended = std::move(transaction);
        transactions_.erase(transactions_.begin() + static_cast<std::ptrdiff_t>(i));
        give_up(now, ended, 0, "does not answer");
        break;
      }
    }
  }
  if (!allocation_) return;
  if (now >= allocation_->refresh_at) {
    allocation_->refresh_at = never;
    start(now, RefreshRequest{config_.lifetime});
  }
  request_permissions(now);
  request_channels(now);
}

Instant Client::poll_timeout() const {
  Instant earliest = never;
  for (const Transaction& transaction : transactions_)
    earliest = std::min(earliest, transaction.timer.deadline());
  if (!allocation_) return earliest;
  earliest = std::min(earliest, allocation_->refresh_at);
  for (const Permission& permission : permissions_)
    if (!permission.in_flight) earliest = std::min(earliest, permission.refresh_at);
  for (const Channel& channel : channels_)
    if (!channel.in_flight) earliest = std::min(earliest, channel.refresh_at);
  return earliest;
}

std::optional<ByteVector> Client::poll_transmit() {
  if (transmits_.empty()) return std::nullopt;
  ByteVector bytes = std::move(transmits_.front());
  transmits_.pop_front();
  return bytes;
}

std::optional<Event> Client::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

}  // namespace stile::turn
