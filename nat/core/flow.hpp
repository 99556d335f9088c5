#pragma once

#include <expected>
#include <optional>

#include "nat/core/endpoint.hpp"
#include "nat/packet/icmp.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/tcp.hpp"

namespace stile::nat {

/// What a packet of DCCP or SCTP does to its connection.
enum class ConnectionStep : std::uint8_t { begins, goes_on, ends };

/// Who sends to whom in a packet that has its transport header. Of an ICMP query the identifier
/// stands as the port of the side that asked.
struct Flow {
  Protocol protocol = Protocol::udp;
  Endpoint source;
  Endpoint destination;
  std::optional<TcpView> tcp;
  ConnectionStep step = ConnectionStep::goes_on;
};

enum class FlowProblem : std::uint8_t { malformed, icmp_type };

/// Of a whole packet or the first fragment of one; `from` tells queries (which leave) from replies
/// (which come).
std::expected<Flow, FlowProblem> read_flow(const Ipv4Packet& packet, Side from);

/// Of the packet quoted in an ICMP error: the first 8 bytes of its transport header suffice (RFC
/// 792); nothing if they are not there. Protocols whose ports are not known have port 0.
std::optional<Flow> read_quoted_flow(const Ipv4Packet& quoted);

}  // namespace stile::nat
