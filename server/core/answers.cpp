#include "server/core/impl.hpp"

namespace stile::relay {

Outcome Relay::Impl::send(const Request& request, Response& response) {
  const Bytes bytes = response.finish();
  if (bytes.empty()) return Nothing{};
  ++counters.success_responses;
  return ToClient{request.asked.five_tuple, bytes};
}

// An answer that anybody can draw carries no words: it would only make the server a better
// amplifier.
Outcome Relay::Impl::refuse(const Request& request, stun::ErrorNumber number) {
  count_refusal(number);
  Response response(response_buffer, request.asked, stun::Class::error_response);
  const bool genuine = request.asked.protection.integrity != Protection::Integrity::none;
  response.add(
      stun::ErrorCode{static_cast<std::uint16_t>(number), genuine ? reason_phrase(number) : ""});
  return ToClient{request.asked.five_tuple, response.finish()};
}

void Relay::Impl::refuse_later(const Asked& asked, stun::ErrorNumber number) {
  count_refusal(number);
  Response response(response_buffer, asked, stun::Class::error_response);
  response.add(stun::ErrorCode{static_cast<std::uint16_t>(number), reason_phrase(number)});
  commands.push_back(SendToClient{asked.five_tuple, copy_of(response.finish())});
}

// RFC 8489 §6.3.1.
Outcome Relay::Impl::refuse_unknown(const Request& request,
                                    std::span<const stun::AttributeType> unknown) {
  count_refusal(stun::ErrorNumber::unknown_attribute);
  Response response(response_buffer, request.asked, stun::Class::error_response);
  response
      .add(stun::ErrorCode{static_cast<std::uint16_t>(stun::ErrorNumber::unknown_attribute), {}})
      .add(stun::UnknownAttributes{{unknown.begin(), unknown.end()}});
  return ToClient{request.asked.five_tuple, response.finish()};
}

// RFC 8489 §9.2.4. 400 comes without a challenge, and so does what RFC 7635 §7 says to an access
// token that nobody has asked for.
Outcome Relay::Impl::challenge(const Request& request, const Authentication::Refused& refused) {
  if (!may_answer(request.asked)) return Nothing{};
  if (refused.number == stun::ErrorNumber::bad_request) return refuse(request, refused.number);
  if (refused.number == stun::ErrorNumber::unknown_attribute)
    return refuse_unknown(request, std::array{stun::AttributeType::access_token});
  count_refusal(refused.number);
  if (refused.number == stun::ErrorNumber::unauthenticated)
    ++(refused.had_credentials ? counters.failed_credentials : counters.challenges);

  Response response(response_buffer, request.asked, stun::Class::error_response);
  response.add(stun::ErrorCode{static_cast<std::uint16_t>(refused.number), {}});
  authentication.add_challenge(response.builder(), request.wall,
                               nonce_bearer(request.asked.five_tuple));
  return ToClient{request.asked.five_tuple, response.finish()};
}

bool Relay::Impl::may_answer(const Asked& asked) {
  if (proves_source(asked.five_tuple.transport)) return true;
  if (unauthenticated.admit(now, asked.five_tuple.client.ip)) return true;
  ++counters.rate_limited;
  return false;
}

void Relay::Impl::count_refusal(stun::ErrorNumber number) {
  ++counters.error_responses;
  if (number == stun::ErrorNumber::stale_nonce) ++counters.stale_nonces;
  if (number == stun::ErrorNumber::allocation_quota_reached) ++counters.quota_refusals;
  if (number == stun::ErrorNumber::insufficient_capacity) ++counters.capacity_refusals;
  if (number == stun::ErrorNumber::forbidden) ++counters.forbidden_peers;
}

}  // namespace stile::relay
