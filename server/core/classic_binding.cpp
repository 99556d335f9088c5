#include "server/core/impl.hpp"
#include "server/core/unknown_attributes.hpp"

namespace stile::relay {

using stun::ErrorNumber;

/// RFC 8489 §12: clients of RFC 3489, whose messages have no magic cookie, are served as RFC 5389
/// §12.2 says. They know UDP alone; over TCP and TLS a stream without the cookie is broken.
Outcome Relay::Impl::classic_datagram(const FiveTuple& five_tuple, Bytes datagram) {
  const auto message = stun::MessageView::parse_classic(datagram);
  const bool secure = five_tuple.transport == Transport::dtls;
  const bool is_request = message && message->message_class() == stun::Class::request;
  if (!is_request || (message->method() != stun::Method::binding && !secure)) {
    ++counters.not_understood;
    return Nothing{};
  }
  const Asked asked{five_tuple, message->method(), message->transaction_id(), false, {}};
  if (!may_answer(asked)) return Nothing{};
  const std::uint32_t cookie = load_u32(datagram.data() + 4);
  // RFC 8489 §11.
  if (secure) return classic_refusal(asked, cookie, ErrorNumber::server_error, {});
  ++counters.binding_requests;
  // Interop: some say with CHANGE-REQUEST that nothing is to be changed.
  const auto change = message->get<stun::ChangeRequest>();
  const bool changes_nothing = change && !change->change_ip && !change->change_port;
  const auto unknown =
      unknown_required(*message, changes_nothing ? Extension::behavior_discovery : Extension::none);
  if (!unknown.empty())
    return classic_refusal(asked, cookie, ErrorNumber::unknown_attribute, unknown.types());

  Response response(response_buffer, asked, stun::Class::success_response);
  response.add(stun::MappedAddress{five_tuple.client});
  ++counters.success_responses;
  return classic_answer(asked, cookie, response);
}

// RFC 3489 §11.2.10: an odd one is told twice, so that the attribute needs no padding.
Outcome Relay::Impl::classic_refusal(const Asked& asked, std::uint32_t cookie, ErrorNumber number,
                                     std::span<const stun::AttributeType> unknown) {
  count_refusal(number);
  Response response(response_buffer, asked, stun::Class::error_response);
  response.add(stun::ErrorCode{static_cast<std::uint16_t>(number), {}});
  stun::UnknownAttributes told{{unknown.begin(), unknown.end()}};
  if (told.types.size() % 2 != 0) told.types.push_back(told.types.back());
  if (!told.types.empty()) response.add(told);
  return classic_answer(asked, cookie, response);
}

/// Where the cookie stands, these clients look for what they have sent.
Outcome Relay::Impl::classic_answer(const Asked& asked, std::uint32_t cookie, Response& response) {
  const Bytes message = response.finish();
  store_u32(response_buffer.data() + 4, cookie);
  return ToClient{asked.five_tuple, message};
}

}  // namespace stile::relay
