#pragma once

#include <optional>

#include "stile/stun/message_view.hpp"
#include "stile/turn/authentication.hpp"

namespace stile::turn {

/// Takes over a connection that a relay has accepted from a peer (RFC 6062 §4.4), over another
/// connection to the server, to the same address as the allocation's: request() is sent over it,
/// and handle_answer() is given what comes, until the state is not `waiting`. Once it is `bound`,
/// what comes is the peer's, as it was sent.
class ConnectionBinding {
 public:
  enum class State : std::uint8_t { waiting, bound, refused };

  /// `authentication` is the allocation's.
  ConnectionBinding(std::uint32_t connection_id, Authentication authentication)
      : connection_id_(connection_id), authentication_(std::move(authentication)) {}

  /// To be sent at first, and after an answer that has left it waiting.
  ByteVector request(Random& random);
  State handle_answer(const stun::MessageView& response);

 private:
  State take_challenge(const stun::MessageView& response);

  std::uint32_t connection_id_;
  Authentication authentication_;
  stun::TransactionId id_{};
  unsigned attempts_ = 0;
};

}  // namespace stile::turn
