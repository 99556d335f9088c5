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
    count_unauthenticated(request.asked.five_tuple, refused.had_credentials);

  Response response(response_buffer, request.asked, stun::Class::error_response);
  response.add(stun::ErrorCode{static_cast<std::uint16_t>(refused.number), {}});
  authentication.add_challenge(response.builder(), request.wall,
                               nonce_bearer(request.asked.five_tuple));
  return ToClient{request.asked.five_tuple, response.finish()};
}

void Relay::Impl::count_unauthenticated(const FiveTuple& from, bool had_credentials) {
  ++(had_credentials ? counters.failed_credentials : counters.challenges);
  if (had_credentials && proves_source(from.transport)) guesses.admit(now, from.client.ip);
}

// A right guess must not be told by its answer, so nothing is looked at. Over UDP may_answer()
// holds back what tells right from wrong. Who has an allocation keeps it: a guess at his own name
// is of no use to him.
bool Relay::Impl::is_guessing(const Request& request) const {
  const FiveTuple& from = request.asked.five_tuple;
  if (!proves_source(from.transport) || guesses.has_room(now, from.client.ip)) return false;
  const bool is_signed = request.message.has(stun::AttributeType::message_integrity) ||
                         request.message.has(stun::AttributeType::message_integrity_sha256);
  const auto username = request.message.get<stun::Username>();
  const Allocation* const own = subject_of(request);
  const bool is_own = own && username && (own->session || username->text.ends_with(own->user));
  return is_signed && !is_own;
}

Outcome Relay::Impl::leave_untried(const Request& request) {
  ++counters.untried_credentials;
  return refuse(request, stun::ErrorNumber::server_error);
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
