#include <algorithm>

#include "server/core/impl.hpp"
#include "server/core/malformed.hpp"
#include "server/core/unknown_attributes.hpp"

namespace stile::relay {

namespace {

/// Ports below this belong to services that a forged RESPONSE-PORT could aim answers at.
constexpr std::uint16_t first_unprivileged_port = 1024;
constexpr std::size_t largest_padding = 1500;  ///< enough to pass any common MTU

/// The four sockets of RFC 5780 §6.1: this one's other address and other port.
TransportAddress other_of(const BehaviorDiscovery& discovery, const TransportAddress& asked) {
  return {asked.ip == discovery.primary.ip ? discovery.alternate.ip : discovery.primary.ip,
          asked.port == discovery.primary.port ? discovery.alternate.port : discovery.primary.port};
}

}  // namespace

// RFC 8489 §12: anybody may ask, and is told the address that the request came from. Nothing else
// is said: every further attribute would serve those who reflect answers onto others.
Outcome Relay::Impl::binding(const Request& request) {
  ++counters.binding_requests;
  if (!may_answer(request.asked)) return Nothing{};
  const FiveTuple& five_tuple = request.asked.five_tuple;
  const bool discovers = discovers_from(five_tuple);
  const auto unknown = unknown_required(
      request.message, discovers ? Extension::behavior_discovery : Extension::none);
  if (!unknown.empty()) return refuse_unknown(request, unknown.types());
  if (discovers) return behavior_discovery(request);

  Response response = success(request);
  response.add(stun::XorMappedAddress{five_tuple.client});
  return send(request, response);
}

bool Relay::Impl::discovers_from(const FiveTuple& five_tuple) const {
  if (!config->behavior_discovery || five_tuple.transport != Transport::udp) return false;
  const auto& [primary, alternate] = *config->behavior_discovery;
  return (five_tuple.server.ip == primary.ip || five_tuple.server.ip == alternate.ip) &&
         (five_tuple.server.port == primary.port || five_tuple.server.port == alternate.port);
}

// RFC 5780 §6.1.
Outcome Relay::Impl::behavior_discovery(const Request& request) {
  const auto change = request.message.get<stun::ChangeRequest>();
  const auto response_port = request.message.get<stun::ResponsePort>();
  const auto padding = request.message.get<stun::Padding>();
  if (malformed(change) || malformed(response_port) || (response_port && padding))
    return refuse(request, stun::ErrorNumber::bad_request);
  // Deviation: RFC 5780 §7.5: ports of well-known services are refused, because the request may be
  // forged.
  if (response_port && response_port->port < first_unprivileged_port)
    return refuse(request, stun::ErrorNumber::bad_request);

  FiveTuple to = request.asked.five_tuple;
  const TransportAddress mapped = to.client;
  const TransportAddress other = other_of(*config->behavior_discovery, to.server);
  if (change && change->change_ip) to.server.ip = other.ip;
  if (change && change->change_port) to.server.port = other.port;
  if (response_port) to.client.port = response_port->port;

  Response response = success(request);
  response.add(stun::XorMappedAddress{mapped})
      .add(stun::MappedAddress{mapped})
      .add(stun::ResponseOrigin{external(to.server)})
      .add(stun::OtherAddress{external(other)});
  // Deviation: RFC 5780 §6.1: no more padding than the request had, so that nothing is amplified.
  if (padding)
    response.builder().append(stun::AttributeType::padding,
                              std::min(padding->bytes.size(), largest_padding));
  Outcome outcome = send(request, response);
  if (auto* answer = std::get_if<ToClient>(&outcome)) answer->to = to;
  return outcome;
}

}  // namespace stile::relay
