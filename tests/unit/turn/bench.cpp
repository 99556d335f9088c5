#include "tests/unit/turn/bench.hpp"

#include <algorithm>

namespace stile::turn::test {

std::vector<TransportAddress> Request::peers() const {
  std::vector<TransportAddress> all;
  const auto message = view();
  message.for_each([&](const stun::AttributeView& attribute) {
    if (attribute.type == stun::AttributeType::xor_peer_address)
      all.push_back(stun::XorPeerAddress::parse(attribute.value, message)->address);
  });
  return all;
}

stun::Key Server::key() const {
  const auto algorithm = algorithms.empty() ? 1 : algorithms.front().number;
  return stun::long_term_key(static_cast<stun::PasswordAlgorithmNumber>(algorithm), "alice", realm,
                             password);
}

std::optional<ByteVector> Server::answer(const Request& request) const {
  if (silent) return std::nullopt;
  if (const auto number = objection(request)) return challenge(request, *number);
  const auto refused = errors.find(request.view().method());
  if (refused != errors.end()) return error(request, refused->second);
  return success(request);
}

/// What is wrong with the credentials, if anything.
std::optional<std::uint16_t> Server::objection(const Request& request) const {
  const auto view = request.view();
  const auto said = view.get<stun::Nonce>();
  const bool verified = algorithms.empty() ? stun::verify_message_integrity(view, key())
                                           : stun::verify_message_integrity_sha256(view, key());
  if (!said || !verified) return 401;
  if (said->text != nonce) return 438;
  return std::nullopt;
}

ByteVector Server::challenge(const Request& request, std::uint16_t number) const {
  ByteVector buffer(1024);
  stun::MessageBuilder builder(buffer, stun::Class::error_response, request.view().method(),
                               request.view().transaction_id());
  builder.add(stun::ErrorCode{number, {}}).add(stun::Realm{realm}).add(stun::Nonce{nonce});
  if (!algorithms.empty()) builder.add(stun::PasswordAlgorithms{algorithms});
  return copy_of(builder.finish());
}

ByteVector Server::success(const Request& request) const {
  ByteVector buffer(1024);
  stun::MessageBuilder builder(buffer, stun::Class::success_response, request.view().method(),
                               request.view().transaction_id());
  if (request.is(Method::allocate))
    builder.add(stun::XorRelayedAddress{relayed_address}).add(stun::XorMappedAddress{mapped});
  if (const auto asked = request.view().get<stun::LifetimeAttribute>())
    builder.add(stun::LifetimeAttribute{asked->value == 0 ? 0 : lifetime});
  add_integrity(builder);
  return copy_of(builder.finish());
}

ByteVector Server::error(const Request& request, std::uint16_t number,
                         std::string_view reason) const {
  ByteVector buffer(1024);
  stun::MessageBuilder builder(buffer, stun::Class::error_response, request.view().method(),
                               request.view().transaction_id());
  builder.add(stun::ErrorCode{number, reason});
  add_integrity(builder);
  return copy_of(builder.finish());
}

void Server::add_integrity(stun::MessageBuilder& builder) const {
  if (algorithms.empty())
    builder.add_message_integrity(key());
  else
    builder.add_message_integrity_sha256(key());
}

Config Bench::usual_config() {
  return {.server = server_address, .credentials = {"alice", "secret"}};
}

Bench::Bench(Config config) : client(std::move(config), random_) {}

void Bench::allocate() {
  client.allocate(now);
  drain();
}

void Bench::permit(const IpAddress& peer) {
  client.permit(now, peer);
  drain();
}

void Bench::bind_channel(const TransportAddress& peer) {
  client.bind_channel(now, peer);
  drain();
}

void Bench::close() {
  client.close(now);
  drain();
}

std::optional<Received> Bench::deliver(Bytes datagram) {
  const auto received = client.handle_server_datagram(now, datagram);
  drain();
  return received;
}

void Bench::forward(Duration time) {
  const Instant end = now + time;
  while (client.poll_timeout() <= end) {
    now = std::max(now, client.poll_timeout());
    client.handle_timeout(now);
    drain();
  }
  now = end;
}

std::vector<Request> Bench::requests(Method method) const {
  std::vector<Request> all;
  std::ranges::copy_if(sent, std::back_inserter(all),
                       [&](const Request& request) { return request.is(method); });
  return all;
}

void Bench::drain() {
  while (auto bytes = client.poll_transmit()) {
    sent.push_back({now, std::move(*bytes)});
    if (const auto answer = server.answer(sent.back())) client.handle_server_datagram(now, *answer);
  }
  while (auto event = client.poll_event()) events.push_back(std::move(*event));
}

}  // namespace stile::turn::test
