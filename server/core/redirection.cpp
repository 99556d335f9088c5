#include <algorithm>

#include "server/core/impl.hpp"

namespace stile::relay {

namespace {

bool has_certificate(Transport transport) {
  return transport == Transport::tls || transport == Transport::dtls;
}

}  // namespace

/// RFC 8656 §7.2 check 11: where there is no room the client is sent to another server, if one is
/// known that it can reach.
Outcome Relay::Impl::turn_away(const Request& request, stun::ErrorNumber number) {
  const Bytes redirection = try_alternate(request.asked);
  if (redirection.empty()) return refuse(request, number);
  return ToClient{request.asked.five_tuple, redirection};
}

// RFC 8489 §10. The alternate servers take turns. The first one told is of the client's family, the
// second of the other; a message has one ALTERNATE-DOMAIN, so both must be of the same.
Bytes Relay::Impl::try_alternate(const Asked& asked) {
  const Family family = asked.five_tuple.client.family();
  auto servers = config->alternate_servers;
  if (servers.empty()) return {};
  std::ranges::rotate(
      servers, servers.begin() + static_cast<std::ptrdiff_t>(counters.redirected % servers.size()));
  const auto first = std::ranges::find_if(
      servers, [&](const auto& server) { return server.address.family() == family; });
  if (first == servers.end()) return {};
  const auto second = std::ranges::find_if(servers, [&](const auto& server) {
    return server.address.family() != family && server.domain == first->domain;
  });

  ++counters.redirected;
  count_refusal(stun::ErrorNumber::try_alternate);
  Response response(response_buffer, asked, stun::Class::error_response);
  const bool genuine = asked.protection.integrity != Protection::Integrity::none;
  const auto number = stun::ErrorNumber::try_alternate;
  response
      .add(
          stun::ErrorCode{static_cast<std::uint16_t>(number), genuine ? reason_phrase(number) : ""})
      .add(stun::AlternateServer{first->address});
  if (second != servers.end()) response.add(stun::AlternateServer{second->address});
  const bool is_read = asked.protection.integrity == Protection::Integrity::sha256 &&
                       has_certificate(asked.five_tuple.transport);
  if (is_read && !first->domain.empty()) response.add(stun::AlternateDomain{first->domain});
  return response.finish();
}

}  // namespace stile::relay
