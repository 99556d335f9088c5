#pragma once

#include "tests/unit/ice/wire.hpp"

namespace stile::ice::test {

/// A TURN server for agent a, user u and password p, that relays to agent b; nothing takes time.
class TurnServer {
 public:
  explicit TurnServer(Wire& wire) : wire_(wire) {}

  TransportAddress address = *TransportAddress::parse("198.51.100.1:3478");
  TransportAddress relayed = *TransportAddress::parse("198.51.100.1:50000");
  TransportAddress mapped = *TransportAddress::parse("203.0.113.9:40000");
  std::optional<TransportAddress> alternate;  ///< each Allocate is answered with 300 and this
  std::vector<stun::Method> asked;            ///< requests

  /// What becomes of a datagram that is not for an agent.
  std::optional<ByteVector> take(const Datagram& datagram);

 private:
  std::optional<ByteVector> answer(const Datagram& datagram, const stun::MessageView& request);
  static stun::Key key() {
    return stun::long_term_key(stun::PasswordAlgorithmNumber::md5, "u", "test", "p");
  }

  Wire& wire_;
  TransportAddress client_;
};

}  // namespace stile::ice::test
