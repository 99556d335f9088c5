#include "ice/tcp_candidates.hpp"

#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {
constexpr std::uint16_t highest_other_preference = 8191;  // RFC 6544 §4.2
}

std::string_view to_string(TcpType type) {
  switch (type) {
    case TcpType::active:
      return "active";
    case TcpType::passive:
      return "passive";
    case TcpType::simultaneous_open:
      return "so";
  }
  return "";
}

std::optional<TcpType> tcp_type_of(const Candidate& candidate) {
  if (candidate.transport != Transport::tcp) return std::nullopt;
  for (const auto& [name, value] : candidate.extensions)
    for (const auto type : {TcpType::active, TcpType::passive, TcpType::simultaneous_open})
      if (name == tcp_type_extension && value == to_string(type)) return type;
  return std::nullopt;
}

bool may_pair(const Candidate& local, const Candidate& remote, bool incoming) {
  if (local.transport != remote.transport) return false;
  if (local.transport == Transport::udp) return true;
  const auto ours = tcp_type_of(local);
  const auto theirs = tcp_type_of(remote);
  if (!ours || !theirs) return false;
  switch (*ours) {
    case TcpType::active:
      return theirs == TcpType::passive;
    case TcpType::passive:
      return incoming && theirs == TcpType::active;
    case TcpType::simultaneous_open:
      return theirs == TcpType::simultaneous_open;
  }
  return false;
}

/// RFC 6544 §4.1 and §5.1: of each address and component an active candidate, which is but a name
/// for connections to come, a passive one, and one for simultaneous opens.
void Agent::Impl::open_tcp_sockets(Instant now, std::span<const IpAddress> usable) {
  if (!config.tcp || config.lite || config.policy == Policy::relay) return;
  for (std::size_t i = 0; i < usable.size(); ++i) {
    for (std::size_t at = 0; at < components.size(); ++at) {
      for (const auto type : {TcpType::active, TcpType::passive, TcpType::simultaneous_open}) {
        const auto known = std::ranges::find_if(sockets, [&](const Socket& socket) {
          return socket.status != Socket::Status::closed && socket.tcp_type == type &&
                 socket.kind != Socket::Kind::tcp_connection && socket.local.ip == usable[i] &&
                 socket.component == component_at(at);
        });
        if (known != sockets.end()) continue;
        const auto other = static_cast<std::uint16_t>(highest_other_preference - i);
        const bool active = type == TcpType::active;
        Socket& added = add_socket(component_at(at),
                                   {usable[i], active ? discard_port : std::uint16_t{}}, other);
        added.kind = active ? Socket::Kind::tcp_active : Socket::Kind::tcp_listener;
        added.transport = Transport::tcp;
        added.tcp_type = type;
        if (active) {
          added.status = Socket::Status::open;
          add_tcp_candidate(now, static_cast<std::size_t>(&added - sockets.data()));
        } else {
          commands.push_back(OpenListener{added.id, added.local, config.ports});
        }
      }
    }
  }
}

void Agent::Impl::add_tcp_candidate(Instant now, std::size_t index) {
  if (const auto candidate =
          add_local_candidate(CandidateType::host, sockets[index].local, {index, {}}, 0))
    pair_local(now, *candidate);
}

}  // namespace stile::ice
