#include <algorithm>

#include "ice/impl.hpp"
#include "ice/priority.hpp"

namespace stile::ice {

/// Adds and announces a candidate, or answers nothing if it is redundant (RFC 8445 §5.1.3): the
/// same address from the same base. `server` is one more than the server's number; 0: none.
/// `router`: in place of the server, the one that has mapped the address.
std::optional<std::size_t> Agent::Impl::add_local_candidate(CandidateType type,
                                                            const TransportAddress& address,
                                                            const Base& base, std::size_t server,
                                                            std::optional<IpAddress> router) {
  const bool redundant = std::ranges::any_of(locals, [&](const LocalCandidate& other) {
    return other.candidate.address == address && other.base.socket == base.socket &&
           (other.base == base || type == CandidateType::relayed) &&
           (is_told(other.candidate.type) || !is_told(type));
  });
  if (redundant) return std::nullopt;

  const Socket& socket = sockets[base.socket];
  Candidate candidate;
  candidate.component = socket.component.component;
  candidate.stream = socket.component.stream;
  candidate.transport = transport_of(base);
  candidate.address = address;
  candidate.type = type;
  const IpAddress base_ip = type == CandidateType::relayed ? address.ip : socket.local.ip;
  // The server that a candidate came from makes its foundation its own (RFC 8445 §5.1.1.3).
  if (!router && server != 0) router = server_address(server - 1).ip;
  candidate.foundation = foundation_of(type, base_ip, router, candidate.transport);
  candidate.priority = candidate_priority(type, local_preference_of(type, base, server),
                                          candidate.component, candidate.transport);
  if (candidate.transport == Transport::tcp)
    candidate.extensions.emplace_back(tcp_type_extension, to_string(*socket.tcp_type));
  if (type == CandidateType::server_reflexive) candidate.related = socket.local;
  if (type == CandidateType::relayed) {
    // RFC 8839 §5.1: the mapped address.
    const auto mapped = std::ranges::find_if(locals, [&](const LocalCandidate& other) {
      return other.candidate.type == CandidateType::server_reflexive &&
             other.base.socket == base.socket;
    });
    candidate.related = mapped == locals.end() ? socket.local : mapped->candidate.address;
  }
  candidate.name = name_of(type, address.ip);
  // RFC 8828 §5.2: with another policy than all it is nobody's business.
  if (candidate.related && (config.mdns_names || config.policy != Policy::all))
    candidate.related = TransportAddress{IpAddress::v4(0), 0};

  const bool announced = (!gathering_done || goes_on_telling()) && is_told(type);
  locals.push_back({std::move(candidate), base, announced});
  if (announced) events.push_back(LocalCandidateFound{locals.back().candidate});
  return locals.size() - 1;
}

/// RFC 8828 §5.2.
bool Agent::Impl::is_told(CandidateType type) const {
  switch (config.policy) {
    case Policy::all:
      return true;
    case Policy::no_host:
      return type != CandidateType::host;
    case Policy::relay:
      return type == CandidateType::relayed;
  }
  return false;
}

/// Two servers may give the same host candidate two reflexive or relayed ones: the later server's
/// is preferred less.
std::uint16_t Agent::Impl::local_preference_of(CandidateType type, const Base& base,
                                               std::size_t server) const {
  const Socket& socket = sockets[base.socket];
  const std::size_t rank = std::min(server, last_server_number);
  if (transport_of(base) == Transport::udp)
    return static_cast<std::uint16_t>(socket.preference - rank);
  const auto other = static_cast<std::uint16_t>(socket.preference - rank * max_local_addresses);
  return tcp_local_preference(type, *socket.tcp_type, other);
}

// RFC 8445 §7.2.5.3.1: its priority is that of the check's PRIORITY attribute. It is not signalled.
std::size_t Agent::Impl::add_peer_reflexive_local(const TransportAddress& address,
                                                  std::size_t local_index) {
  const LocalCandidate& ours = locals[local_index];
  const TransportAddress& base = sockets[ours.base.socket].local;
  Candidate candidate;
  candidate.component = ours.candidate.component;
  candidate.stream = ours.candidate.stream;
  candidate.transport = ours.candidate.transport;
  candidate.address = address;
  candidate.type = CandidateType::peer_reflexive;
  candidate.priority = priority_in_check(ours.candidate);
  candidate.foundation = foundation_of(candidate.type, base.ip, std::nullopt, candidate.transport);
  candidate.related = base;
  if (const auto type = tcp_type_of(ours.candidate))
    candidate.extensions.emplace_back(tcp_type_extension, to_string(*type));
  locals.push_back({std::move(candidate), Base(ours.base), false});
  return locals.size() - 1;
}

/// The host or relayed candidate that is the base itself, or that the connection began from.
std::optional<std::size_t> Agent::Impl::base_candidate(const Base& base) const {
  const bool connected = sockets[base.socket].kind == Socket::Kind::tcp_connection;
  Base origin = connected ? Base{sockets[base.socket].owner, {}} : base;
  if (connected && sockets[origin.socket].kind == Socket::Kind::server_connection)
    origin.relay = relay_at(origin.socket, turn_servers[sockets[origin.socket].server].address);
  const auto wanted = origin.relay ? CandidateType::relayed : CandidateType::host;
  for (std::size_t i = 0; i < locals.size(); ++i)
    if (locals[i].base == origin && locals[i].candidate.type == wanted) return i;
  return std::nullopt;
}

std::string Agent::Impl::foundation_of(CandidateType type, const IpAddress& base,
                                       std::optional<IpAddress> server, Transport transport) {
  std::string key = std::string(to_string(type)) + " " + base.to_string();
  if (server) key += " " + server->to_string();
  if (transport != Transport::udp) key += " tcp";
  return foundations.try_emplace(key, std::to_string(foundations.size() + 1)).first->second;
}

}  // namespace stile::ice
