#include "server/shell/clock.hpp"
#include "server/shell/worker.hpp"

namespace stile::server {

ClientHandler Worker::client_handler() {
  return {[this](const FiveTuple& five_tuple, MutableBytes message) {
            take_message(five_tuple, message);
          },
          [this](const FiveTuple& five_tuple) { end_client(five_tuple); },
          [this](const FiveTuple& five_tuple) { return relay_.has_allocation(five_tuple); },
          [this](const IpAddress& client) { return relay_.serves(client); }};
}

std::optional<DtlsClients> Worker::dtls_clients() {
  if (!shared_.certificates) return std::nullopt;
  const auto send = [this](const FiveTuple& five_tuple, Bytes datagram, relay::IpFields fields) {
    const auto socket = udp_by_address_.find(five_tuple.server);
    if (socket != udp_by_address_.end())
      sends_.push_copy(socket->second, five_tuple.client, datagram, fields);
  };
  return DtlsClients(shared_.clients, *shared_.certificates, shared_.config->unauthenticated,
                     random_, client_counters_, client_handler(), send);
}

void Worker::take_message(const FiveTuple& five_tuple, MutableBytes message) {
  const std::uint8_t traffic_class =
      five_tuple.transport == Transport::dtls ? dtls_->traffic_class() : std::uint8_t{0};
  const relay::Outcome outcome =
      relay_.handle_client_datagram(now_, wall_now(), five_tuple, message, traffic_class);
  const auto* other = std::get_if<relay::ToOtherCore>(&outcome);
  if (!other)
    carry_out(outcome, message);
  else if (is_stream(five_tuple.transport))
    move_client(five_tuple, message, other->index);
  else
    forward_message(five_tuple, message, other->index);
  drain();
}

}  // namespace stile::server
