#include "server/shell/clock.hpp"
#include "server/shell/first_byte.hpp"
#include "server/shell/peer_errors.hpp"
#include "server/shell/worker.hpp"

namespace stile::server {

namespace {
// Limits: then the other sockets have their turn.
constexpr std::size_t datagrams_per_wake_up = 128;
constexpr int peer_errors_per_wake_up = 16;
}  // namespace

void Worker::read_udp_listener(std::size_t index, std::size_t queue) {
  const auto& listener = listeners_.all[index];
  const int fd = listener.udp[queue].fd();
  const UnixSeconds wall = wall_now();
  for (std::size_t taken = 0; taken < datagrams_per_wake_up;) {
    if (batch_.full()) flush_datagrams();
    const std::size_t count = batch_.receive(fd, ReceiveBatch::most_at_once);
    for (std::size_t k = 0; k < count; ++k) {
      const FiveTuple five_tuple{batch_.source(k), listener.address, Transport::udp};
      const Segments datagrams = batch_.datagrams(k);
      taken += datagrams.count();
      for (std::size_t j = 0; j < datagrams.count(); ++j)
        take_client_datagram(five_tuple, datagrams[j], wall, batch_.traffic_class(k));
    }
    if (count < ReceiveBatch::most_at_once) return;
  }
}

void Worker::take_client_datagram(const FiveTuple& five_tuple, MutableBytes datagram,
                                  UnixSeconds wall, std::uint8_t traffic_class) {
  if (dtls_ && !datagram.empty() && begins_dtls(datagram[0]))
    return dtls_->handle_datagram(now_, five_tuple, datagram, traffic_class);
  const relay::Outcome outcome =
      relay_.handle_client_datagram(now_, wall, five_tuple, datagram, traffic_class);
  if (const auto* other = std::get_if<relay::ToOtherCore>(&outcome))
    forward_message(five_tuple, datagram, other->index);
  else
    carry_out(outcome, datagram);
  drain();
}

void Worker::read_relay_socket(std::uint32_t index, std::uint32_t generation) {
  if (index >= relay_sockets_.size() || relay_sockets_[index].generation != generation) return;
  if (batch_.full()) flush_datagrams();
  RelaySocketSlot& slot = relay_sockets_[index];
  // To look for a datagram that is not there costs, and what was left is found at the next wake-up.
  const std::size_t count = batch_.receive(slot.socket.fd(), slot.wanted);
  slot.wanted = count == slot.wanted ? std::min<std::size_t>(2 * count, ReceiveBatch::most_at_once)
                                     : std::max<std::size_t>(count, 1);
  for (std::size_t k = 0; k < count; ++k) {
    Segments datagrams = batch_.datagrams(k);
    if (datagrams.count() > 1) datagrams.spread(datagram_headroom + datagram_tailroom);
    const TransportAddress peer = batch_.source(k);
    for (std::size_t j = 0; j < datagrams.count(); ++j)
      carry_out(relay_.handle_peer_datagram(now_, {index, generation}, peer, datagrams[j],
                                            batch_.traffic_class(k)),
                datagrams[j]);
  }
  drain();
}

void Worker::read_peer_errors(std::uint32_t index, std::uint32_t generation) {
  if (index >= relay_sockets_.size() || relay_sockets_[index].generation != generation) return;
  for (int i = 0; i < peer_errors_per_wake_up; ++i) {
    const int fd = relay_sockets_[index].socket.fd();
    const auto error = take_peer_error(fd);
    if (!error) return void(take_error(fd));  // one that there was no room for is still to be told
    carry_out(relay_.handle_peer_icmp(now_, {index, generation}, error->peer, error->icmp), {});
  }
}

/// `buffer`: where the datagram came in. What lies there is good until the batch is used again,
/// other views only until the relay's next input.
void Worker::carry_out(const relay::Outcome& outcome, Bytes buffer) {
  if (const auto* to_peer = std::get_if<relay::ToPeer>(&outcome)) {
    const RelaySocketSlot& slot = relay_sockets_[to_peer->from.index];
    if (slot.generation == to_peer->from.generation)
      sends_.push(slot.socket.fd(), to_peer->peer, to_peer->datagram, to_peer->fields);
  } else if (const auto* to_client = std::get_if<relay::ToClient>(&outcome)) {
    const std::uint8_t* end = to_client->message.data() + to_client->message.size();
    const bool in_place =
        end >= buffer.data() && end <= buffer.data() + buffer.size() + datagram_tailroom;
    send_to_client(*to_client, in_place);
  }
}

void Worker::send_to_client(const relay::ToClient& answer, bool outlives_batch) {
  const auto& [to, message, fields] = answer;
  if (shared_.log->takes(LogLevel::debug)) report_refusal(to, message);
  if (is_stream(to.transport)) return streams_.send(now_, to, message);
  if (to.transport == Transport::dtls) return send_over_dtls(to, message, fields);
  const auto socket = udp_by_address_.find(to.server);
  if (socket == udp_by_address_.end()) return;
  if (outlives_batch)
    sends_.push(socket->second, to.client, message, fields);
  else
    sends_.push_copy(socket->second, to.client, message, fields);
}

void Worker::flush_datagrams() {
  sends_.flush();
  batch_.reset();
}

}  // namespace stile::server
