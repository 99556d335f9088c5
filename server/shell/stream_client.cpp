#include "server/shell/stream_client.hpp"

#include <algorithm>

#include "server/shell/poller.hpp"
#include "stile/stun/stream_framing.hpp"

namespace stile::server {

namespace {

constexpr std::size_t bytes_per_write =
    16 * 1024;  ///< committed at once: what is older may still be dropped
// Interop: under TLS each message has a record of its own: coturn's client takes what a record
// holds for one message.
constexpr std::size_t one_message = 1;
constexpr std::size_t longest_unsent =
    2 * 65'536 + 4096;  ///< only a client that plays with TLS gets there

/// ChannelData or a Data indication; all else answers a request, or tells of a connection.
bool is_relayed_data(Bytes message) {
  constexpr std::uint16_t data_indication = 0x0017;
  return (message[0] & 0xc0) == 0x40 || load_u16(message.data()) == data_indication;
}

}  // namespace

StreamClient::StreamClient(Descriptor socket, const FiveTuple& who, bool behind_proxy,
                           const ClientLimits& limits, Instant now)
    : stream(std::move(socket)),
      five_tuple(who),
      stage(behind_proxy ? Stage::proxy_header : Stage::first_byte),
      limits_(&limits),
      last_heard_(now),
      deadline_(now + limits.handshake),
      relayed_(limits.queue) {}

StreamClient::StreamClient(Stream connection, const FiveTuple& who, const ClientLimits& limits,
                           Instant now)
    : stream(std::move(connection)),
      five_tuple(who),
      stage(Stage::messages),
      limits_(&limits),
      last_heard_(now),
      deadline_(now + limits.first_message),
      relayed_(limits.queue) {}

std::optional<MutableBytes> StreamClient::read(Instant now, MutableBytes buffer) {
  std::ranges::copy(kept_, buffer.begin());
  const std::size_t most =
      has_allocation ? Stream::longest_read : limits_->message_before_allocation;
  const auto count = stream.read(buffer.subspan(kept_.size()), most);
  if (!count) return std::nullopt;
  if (*count > 0) last_heard_ = now;
  return buffer.first(kept_.size() + *count);
}

void StreamClient::keep(Instant now, Bytes rest) {
  const bool is_partial = !rest.empty() || stream.holds_partial_record();
  if (!is_partial && is_known) deadline_ = never;
  if (is_partial && deadline_ == never) deadline_ = now + limits_->partial_message;
  if (rest.empty())
    kept_ = ByteVector();
  else
    kept_.assign(rest.begin(), rest.end());
}

std::optional<MutableBytes> StreamClient::start_tls(Instant now, SSL_CTX* context, Bytes early,
                                                    MutableBytes buffer) {
  stage = Stage::handshake;
  five_tuple.transport = Transport::tls;
  last_heard_ = now;
  const auto count = stream.start_tls(context, copy_of(early), buffer);
  kept_ = ByteVector();
  return count ? std::optional(buffer.first(*count)) : std::nullopt;
}

void StreamClient::messages_may_come(Instant now, bool after_handshake) {
  stage = Stage::messages;
  if (after_handshake) deadline_ = now + limits_->first_message;
}

void StreamClient::message_has_come(Instant now) {
  is_known = true;
  last_heard_ = now;
  deadline_ = never;
}

std::size_t StreamClient::push(Instant now, Bytes message) {
  if (is_relayed_data(message)) return relayed_.push(now, message);
  answers_.insert(answers_.end(), message.begin(), message.end());
  return 0;
}

std::size_t StreamClient::flush(Instant now) {
  const std::size_t dropped = relayed_.drop_old(now);
  stream.write_on();
  while (stream.unsent() == 0 && (!answers_.empty() || !relayed_.empty())) {
    flush_answers();
    if (stream.unsent() > 0 || relayed_.empty()) break;
    const Bytes head = relayed_.head(stream.is_tls() ? one_message : bytes_per_write);
    stream.write(head);
    relayed_.pop(head);
  }
  return dropped;
}

void StreamClient::flush_answers() {
  for (Bytes rest = answers_; !rest.empty();) {
    const std::size_t size = stream.is_tls() ? stun::next_frame(rest).size_on_stream : rest.size();
    stream.write(rest.first(size));
    rest = rest.subspan(size);
  }
  answers_ = ByteVector();
}

std::uint32_t StreamClient::interest() const {
  const bool reads_answers =
      answers_.size() <= limits_->unread_answers && stream.unsent() <= longest_unsent;
  return (reads_answers ? Poller::readable : Poller::nothing) |
         (stream.unsent() > 0 ? Poller::writable : Poller::nothing);
}

}  // namespace stile::server
