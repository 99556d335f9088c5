#include "tests/bench/load/turn_client.hpp"

#include <poll.h>

#include <algorithm>
#include <stdexcept>

namespace stile::bench {

using stun::Method;

namespace {
constexpr int answer_milliseconds = 1000;
constexpr int attempts = 5;
constexpr int buffer_bytes = 1 << 20;
}  // namespace

TurnClient::TurnClient(const TransportAddress& local, const TransportAddress& server,
                       const Account& account)
    : server_(server), account_(account) {
  auto socket = server::open_udp(local, server::Sharing::alone, buffer_bytes);
  if (!socket) throw std::runtime_error("cannot bind " + local.to_string());
  socket_ = std::move(*socket);
  if (connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&server_.storage), server_.length) !=
      0)
    throw std::runtime_error("cannot connect to " + server.to_string());
}

void TurnClient::allocate() {
  ask();
  take_challenge();
  ask();
  take_allocation();
}

void TurnClient::ask() {
  asked_ = build(Method::allocate, stun::RequestedTransport{});
  send_asked();
}

void TurnClient::take_challenge() {
  learn(await());
}

void TurnClient::take_allocation() {
  const auto relayed = await().get<stun::XorRelayedAddress>();
  if (!relayed) throw std::runtime_error("no allocation");
  relayed_ = relayed->address;
}

void TurnClient::bind(stun::ChannelNumber channel, const TransportAddress& peer) {
  const stun::MessageView answer =
      request(Method::channel_bind, stun::ChannelNumberAttribute{channel.value},
              stun::XorPeerAddress{peer});
  if (answer.message_class() != stun::Class::success_response)
    throw std::runtime_error("no channel");
}

void TurnClient::release() {
  request(Method::refresh, stun::LifetimeAttribute{0});
}

template <class... Attributes>
stun::MessageView TurnClient::request(Method method, const Attributes&... attributes) {
  asked_ = build(method, attributes...);
  send_asked();
  const stun::MessageView answer = await();
  if (!answer.has(stun::AttributeType::nonce)) return answer;
  learn(answer);
  asked_ = build(method, attributes...);
  send_asked();
  return await();
}

template <class... Attributes>
Bytes TurnClient::build(Method method, const Attributes&... attributes) {
  stun::MessageBuilder builder(buffer_, stun::Class::request, method,
                               stun::TransactionId::make(random_));
  (builder.add(attributes), ...);
  if (!nonce_.empty())
    builder.add(stun::Username{account_.user})
        .add(stun::Realm{realm_})
        .add(stun::Nonce{nonce_})
        .add_message_integrity(key_);
  return builder.finish();
}

void TurnClient::learn(const stun::MessageView& challenge) {
  const auto realm = challenge.get<stun::Realm>();
  const auto nonce = challenge.get<stun::Nonce>();
  if (!realm || !nonce) throw std::runtime_error("no challenge");
  realm_ = realm->text;
  nonce_ = nonce->text;
  key_ = stun::long_term_key(stun::PasswordAlgorithmNumber::md5, account_.user, realm_,
                             account_.password);
}

void TurnClient::send_asked() {
  send(socket_.fd(), asked_.data(), asked_.size(), 0);
}

stun::MessageView TurnClient::await() {
  for (int attempt = 0; attempt < attempts; ++attempt, send_asked()) {
    pollfd wait{socket_.fd(), POLLIN, 0};
    while (poll(&wait, 1, answer_milliseconds) > 0) {
      const auto size = recv(socket_.fd(), received_.data(), received_.size(), 0);
      if (size < 0) break;
      const auto answer =
          stun::MessageView::parse(Bytes(received_).first(static_cast<std::size_t>(size)));
      if (answer && std::ranges::equal(answer->transaction_id().bytes, asked_.subspan(8, 12)))
        return *answer;
    }
  }
  throw std::runtime_error("the server does not answer");
}

}  // namespace stile::bench
