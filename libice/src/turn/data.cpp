#include <algorithm>

#include "stile/turn/client.hpp"

namespace stile::turn {

Bytes Client::wrap(const TransportAddress& peer, MutableBytes data) {
  if (!allocation_) return {};
  const auto channel = std::ranges::find(channels_, peer, &Channel::peer);
  if (channel == channels_.end() || !channel->bound) return wrap_indication(peer, data);
  std::uint8_t* start = data.data() - stun::channel_data_header_size;
  stun::ChannelData::write_header(start, channel->number, data.size());
  return {start, data.size() + stun::channel_data_header_size};
}

// RFC 8656 §11.1. The attributes in front of the data take 36 bytes (IPv4) or 48 (IPv6), which the
// headroom holds; padding behind the data has no such room, so a message that needs it is built
// elsewhere.
Bytes Client::wrap_indication(const TransportAddress& peer, MutableBytes data) {
  const std::size_t front = stun::header_size + (peer.ip.is_v4() ? 12 : 24) + 4;
  const bool in_place = data.size() % 4 == 0;
  if (!in_place) {
    indication_.assign(front + data.size() + 3, 0);
    std::ranges::copy(data, indication_.begin() + static_cast<std::ptrdiff_t>(front));
  }
  const MutableBytes whole =
      in_place ? MutableBytes(data.data() - front, front + data.size()) : MutableBytes(indication_);
  stun::MessageBuilder builder(whole.first(front - 4), stun::Class::indication, stun::Method::send,
                               stun::TransactionId::make(random_));
  builder.add(stun::XorPeerAddress{peer});
  const std::size_t size = front + ((data.size() + 3) & ~std::size_t{3});
  std::uint8_t* header = whole.data() + front - 4;
  store_u16(header, static_cast<std::uint16_t>(stun::AttributeType::data));
  store_u16(header + 2, static_cast<std::uint16_t>(data.size()));
  store_u16(whole.data() + 2, static_cast<std::uint16_t>(size - stun::header_size));
  return whole.first(size);
}

// RFC 8656 §11.4.
std::optional<Received> Client::unwrap_indication(const stun::MessageView& message) const {
  const auto peer = message.get<stun::XorPeerAddress>();
  const auto data = message.get<stun::DataAttribute>();
  if (!allocation_ || !peer || !data) return std::nullopt;
  return Received{peer->address, data->bytes};
}

}  // namespace stile::turn
