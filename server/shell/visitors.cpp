#include "server/shell/clock.hpp"
#include "server/shell/worker.hpp"

// RFC 8016: a client that has moved may be heard by another worker than the one that has its
// allocation, because the kernel spreads the five-tuples over them. The one that hears it forwards
// its messages; the one that has it answers over UDP by itself, from its own socket of the same
// address, and over DTLS by way of the other, which has the association.

namespace stile::server {

void Worker::take_parcels() {
  std::vector<Parcel> parcels = inbox_.take();
  for (Parcel& parcel : parcels) std::visit([this](auto& each) { take(each); }, parcel);
  sends_.flush();  // the messages are gone with their parcels
}

void Worker::take(MovedClient& client) {
  streams_.adopt(now_, client.five_tuple, {std::move(client.stream), std::move(client.unread)});
  sends_.flush();  // its messages are gone with the next one's
}

/// It is a visitor while it is being answered, and stays one if it has an allocation then.
void Worker::take(ForwardedMessage& forwarded) {
  const FiveTuple& five_tuple = forwarded.five_tuple;
  const auto known = visitors_.find(five_tuple);
  const bool is_new = known == visitors_.end() || known->second != forwarded.worker;
  visitors_[five_tuple] = forwarded.worker;
  const MutableBytes message = MutableBytes(forwarded.buffer).subspan(datagram_headroom);
  carry_out(relay_.handle_client_datagram(now_, wall_now(), five_tuple, message), message);
  drain();
  if (!relay_.has_allocation(five_tuple))
    visitors_.erase(five_tuple);
  else if (is_new)
    shared_.inboxes[forwarded.worker]->put(ClientElsewhere{five_tuple, number_});
}

void Worker::take(ForwardedAnswer& forwarded) {
  if (dtls_) dtls_->send(forwarded.to, forwarded.message);
}

void Worker::take(ForwardedEnd& ended) {
  relay_.handle_client_closed(now_, ended.five_tuple);
  drain();
}

void Worker::take(ClientElsewhere& client) {
  relay_.handle_client_elsewhere(now_, client.five_tuple, client.worker);
}

void Worker::carry_out(const relay::ReleaseClient& command) {
  const auto visitor = visitors_.find(command.five_tuple);
  if (visitor == visitors_.end()) return;
  shared_.inboxes[visitor->second]->put(ClientElsewhere{command.five_tuple, std::nullopt});
  visitors_.erase(visitor);
}

void Worker::forward_message(const FiveTuple& five_tuple, Bytes message, std::uint32_t worker) {
  ByteVector buffer(datagram_headroom + message.size());
  std::ranges::copy(message, buffer.begin() + datagram_headroom);
  shared_.inboxes[worker]->put_datagram(ForwardedMessage{five_tuple, number_, std::move(buffer)});
}

/// Limit: RFC 8016: DSCP and ECN do not go along from one worker to another.
void Worker::send_over_dtls(const FiveTuple& to, Bytes message, relay::IpFields fields) {
  const auto visitor = visitors_.find(to);
  if (visitor != visitors_.end())
    shared_.inboxes[visitor->second]->put_datagram(ForwardedAnswer{to, copy_of(message)});
  else
    dtls_->send(to, message, fields);
}

void Worker::end_client(const FiveTuple& five_tuple) {
  if (const auto worker = relay_.core_of(five_tuple))
    return shared_.inboxes[*worker]->put(ForwardedEnd{five_tuple});
  relay_.handle_client_closed(now_, five_tuple);
  drain();
}

}  // namespace stile::server
