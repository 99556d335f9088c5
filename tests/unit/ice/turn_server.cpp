#include "tests/unit/ice/turn_server.hpp"

#include "stile/stun/channel_data.hpp"

namespace stile::ice::test {

std::optional<ByteVector> TurnServer::take(const Datagram& datagram) {
  if (datagram.to == relayed) {
    ByteVector buffer(2048);
    stun::MessageBuilder builder(buffer, stun::Class::indication, stun::Method::data, {});
    builder.add(stun::XorPeerAddress{datagram.from}).add(stun::DataAttribute{datagram.bytes});
    wire_.deliver(wire_.a, address, builder.finish(), client_);
    return std::nullopt;
  }
  if (datagram.to != address) return std::nullopt;
  if (const auto channel_data = stun::ChannelData::parse(datagram.bytes)) {
    wire_.deliver(wire_.b, relayed, channel_data->data);
    return std::nullopt;
  }
  const auto message = stun::MessageView::parse(datagram.bytes);
  if (!message) return std::nullopt;
  if (message->message_class() == stun::Class::request) return answer(datagram, *message);
  const auto peer = message->get<stun::XorPeerAddress>();
  const auto data = message->get<stun::DataAttribute>();
  if (peer && data) wire_.deliver(wire_.b, relayed, data->bytes, peer->address);
  return std::nullopt;
}

std::optional<ByteVector> TurnServer::answer(const Datagram& datagram,
                                             const stun::MessageView& request) {
  asked.push_back(request.method());
  const bool is_signed = request.has(stun::AttributeType::message_integrity);
  const bool allocates = request.method() == stun::Method::allocate;
  ByteVector buffer(512);
  if (!is_signed || (allocates && alternate)) {
    stun::MessageBuilder builder(buffer, stun::Class::error_response, request.method(),
                                 request.transaction_id());
    if (is_signed)
      builder.add(stun::ErrorCode{300, {}})
          .add(stun::AlternateServer{*alternate})
          .add_message_integrity(key());
    else
      builder.add(stun::ErrorCode{401, {}}).add(stun::Realm{"test"}).add(stun::Nonce{"nonce"});
    return copy_of(builder.finish());
  }
  stun::MessageBuilder builder(buffer, stun::Class::success_response, request.method(),
                               request.transaction_id());
  if (allocates) client_ = datagram.from;
  if (allocates) builder.add(stun::XorRelayedAddress{relayed}).add(stun::XorMappedAddress{mapped});
  builder.add(stun::LifetimeAttribute{600}).add_message_integrity(key());
  return copy_of(builder.finish());
}

}  // namespace stile::ice::test
