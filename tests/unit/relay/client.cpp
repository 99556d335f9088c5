#include "tests/unit/relay/client.hpp"

#include "stile/stun/channel_data.hpp"

namespace stile::relay::test {

int Answer::error() const {
  if (none()) return 0;
  const auto code = view().get<stun::ErrorCode>();
  return code ? code->number : 0;
}

Client::Client(Server& server, std::string_view address, std::string user_name, std::string pass)
    : five_tuple{TransportAddress::parse(address).value(), listener, Transport::udp},
      user(std::move(user_name)),
      password(std::move(pass)),
      server_(&server) {}

Client& Client::over(Transport transport) {
  five_tuple.transport = transport;
  return *this;
}

Reaction Client::channel_data(std::uint16_t channel, std::string_view data) {
  ByteVector message(4);
  stun::ChannelData::write_header(message.data(), {channel}, data.size());
  message.insert(message.end(), data.begin(), data.end());
  return server_->client_sends(five_tuple, message);
}

void Client::fetch_challenge() {
  const Answer challenge = unsigned_request(stun::Method::allocate, udp);
  if (challenge.error() == 0) return;
  realm = challenge.get<stun::Realm>().text;
  nonce = challenge.get<stun::Nonce>().text;
}

stun::Key Client::key() const {
  return stun::long_term_key(algorithm.value_or(stun::PasswordAlgorithmNumber::md5), user, realm,
                             password);
}

void Client::add_credentials(stun::MessageBuilder& builder) const {
  if (anonymous)
    builder.add(stun::Userhash{stun::userhash(user, realm)});
  else
    builder.add(stun::Username{user});
  builder.add(stun::Realm{realm}).add(stun::Nonce{nonce});
  if (!algorithm) {
    builder.add_message_integrity(key());
    return;
  }
  builder.add(stun::PasswordAlgorithms{{{2, {}}, {1, {}}}})
      .add(stun::PasswordAlgorithm{{static_cast<std::uint16_t>(*algorithm), {}}})
      .add_message_integrity_sha256(key());
}

stun::TransactionId Client::next_id() {
  stun::TransactionId id;
  store_u32(id.bytes.data(), ++sent_);
  return id;
}

}  // namespace stile::relay::test
