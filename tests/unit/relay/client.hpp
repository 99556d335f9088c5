#pragma once

#include "stile/stun/attributes.hpp"
#include "stile/stun/credentials.hpp"
#include "tests/unit/relay/server.hpp"

namespace stile::relay::test {

/// A response, or that there was none.
class Answer {
 public:
  explicit Answer(Reaction reaction) : reaction_(std::move(reaction)) {}
  bool none() const { return !reaction_.to_client; }
  bool ok() const { return !none() && view().message_class() == stun::Class::success_response; }
  /// The ERROR-CODE, 0 if there is none.
  int error() const;
  /// The attribute; the test fails if it is not there.
  template <class Attribute>
  Attribute get() const {
    const auto got = view().template get<Attribute>();
    if (!got) throw std::runtime_error("the answer lacks an attribute");
    return *got;
  }
  bool has(stun::AttributeType type) const { return view().has(type); }
  stun::MessageView view() const { return stun::MessageView::parse(reaction_.message).value(); }
  const ByteVector& bytes() const { return reaction_.message; }
  const FiveTuple& to() const { return *reaction_.to_client; }
  TransportAddress relayed() const { return get<stun::XorRelayedAddress>().address; }
  std::uint32_t lifetime() const { return get<stun::LifetimeAttribute>().value; }

 private:
  Reaction reaction_;
};

inline constexpr stun::RequestedTransport udp{};

/// One 5-tuple and the credentials it signs with.
class Client {
 public:
  explicit Client(Server& server, std::string_view address = "192.0.2.7:40000",
                  std::string user = "alice", std::string password = "secret");
  Client& over(Transport transport);
  Client& over_tcp() { return over(Transport::tcp); }

  FiveTuple five_tuple;
  std::string user, password, realm, nonce;
  std::optional<stun::PasswordAlgorithmNumber> algorithm;  ///< chosen from PASSWORD-ALGORITHMS
  bool anonymous = false;                                  ///< USERHASH instead of USERNAME
  bool fingerprint = false;

  /// Signed; a challenge is fetched first if none was.
  template <class... Attributes>
  Answer request(stun::Method method, const Attributes&... attributes) {
    if (nonce.empty()) fetch_challenge();
    return send(build(stun::Class::request, method, true, attributes...));
  }
  template <class... Attributes>
  Answer unsigned_request(stun::Method method, const Attributes&... attributes) {
    return send(build(stun::Class::request, method, false, attributes...));
  }
  template <class... Attributes>
  Answer allocate(const Attributes&... attributes) {
    return request(stun::Method::allocate, udp, attributes...);
  }
  template <class... Attributes>
  Answer refresh(const Attributes&... attributes) {
    return request(stun::Method::refresh, attributes...);
  }
  Answer permit(const TransportAddress& peer) {
    return request(stun::Method::create_permission, stun::XorPeerAddress{peer});
  }
  Answer bind(std::uint16_t channel, const TransportAddress& peer) {
    return request(stun::Method::channel_bind, stun::ChannelNumberAttribute{channel},
                   stun::XorPeerAddress{peer});
  }
  template <class... Attributes>
  Reaction indicate(const Attributes&... attributes) {
    return server_->client_sends(
        five_tuple, build(stun::Class::indication, stun::Method::send, false, attributes...));
  }
  Reaction send_to(const TransportAddress& peer, std::string_view data) {
    return indicate(stun::XorPeerAddress{peer}, stun::DataAttribute{as_bytes(data)});
  }
  Reaction channel_data(std::uint16_t channel, std::string_view data);

  /// The bytes of a message, to be sent as they are or bent.
  template <class... Attributes>
  ByteVector build(stun::Class message_class, stun::Method method, bool sign,
                   const Attributes&... attributes) {
    ByteVector buffer(4096);
    stun::MessageBuilder builder(buffer, message_class, method, next_id());
    (builder.add(attributes), ...);
    if (sign) add_credentials(builder);
    if (fingerprint) builder.add_fingerprint();
    return copy_of(builder.finish());
  }
  Answer send(Bytes message) { return Answer(server_->client_sends(five_tuple, message)); }
  void fetch_challenge();
  stun::Key key() const;
  void add_credentials(stun::MessageBuilder& builder) const;

 private:
  stun::TransactionId next_id();
  Server* server_;
  std::uint32_t sent_ = 0;
};

}  // namespace stile::relay::test
