#include "stile/turn/connection_binding.hpp"

#include <array>

#include "stile/stun/attributes.hpp"

namespace stile::turn {

namespace {

/// Limit: challenges answered. A nonce may hold for one 5-tuple only, so the first is to be
/// expected.
constexpr unsigned max_attempts = 4;
constexpr std::size_t longest_request = 3072;

bool is_challenge(const stun::MessageView& response) {
  const auto error = response.get<stun::ErrorCode>();
  return error &&
         (error->number == static_cast<std::uint16_t>(stun::ErrorNumber::unauthenticated) ||
          error->number == static_cast<std::uint16_t>(stun::ErrorNumber::stale_nonce));
}

}  // namespace

ByteVector ConnectionBinding::request(Random& random) {
  id_ = stun::TransactionId::make(random);
  ++attempts_;
  std::array<std::uint8_t, longest_request> buffer;
  stun::MessageBuilder builder(buffer, stun::Class::request, stun::Method::connection_bind, id_);
  builder.add(stun::ConnectionId{connection_id_});
  authentication_.sign(builder);
  return copy_of(builder.finish());
}

ConnectionBinding::State ConnectionBinding::handle_answer(const stun::MessageView& response) {
  if (response.transaction_id() != id_ || response.method() != stun::Method::connection_bind)
    return State::refused;  // nothing else is sent there
  if (response.message_class() == stun::Class::success_response)
    return authentication_.verify(response) ? State::bound : State::refused;
  return is_challenge(response) ? take_challenge(response) : State::refused;
}

ConnectionBinding::State ConnectionBinding::take_challenge(const stun::MessageView& response) {
  const auto verdict = authentication_.take_challenge(response, true);
  const bool again = verdict == Authentication::Verdict::retry && attempts_ < max_attempts;
  return again ? State::waiting : State::refused;
}

}  // namespace stile::turn
