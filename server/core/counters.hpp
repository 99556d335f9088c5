#pragma once

#include <cstdint>

namespace stile::relay {

struct Traffic {
  std::uint64_t packets = 0;  ///< over UDP
  std::uint64_t bytes = 0;    ///< of application data
};

/// What a relay has seen since it was made. They only grow, except where they say "now".
struct Counters {
  // Requests and their answers
  std::uint64_t binding_requests = 0;
  std::uint64_t success_responses = 0;
  std::uint64_t error_responses = 0;
  std::uint64_t challenges = 0;           ///< 401 without credentials in the request
  std::uint64_t failed_credentials = 0;   ///< 401 although there were some
  std::uint64_t untried_credentials = 0;  ///< 500 to who has given too many wrong ones
  std::uint64_t stale_nonces = 0;         ///< 438
  std::uint64_t quota_refusals = 0;       ///< 486
  std::uint64_t capacity_refusals = 0;    ///< 508
  std::uint64_t forbidden_peers = 0;      ///< 403
  std::uint64_t redirected = 0;           ///< 300

  // Allocations
  std::uint64_t allocations_created = 0;
  std::uint64_t allocations_expired = 0;
  std::uint64_t allocations_now = 0;

  // Ended because another configuration denies their peers
  std::uint64_t revoked_permissions = 0;
  std::uint64_t revoked_channels = 0;
  std::uint64_t revoked_connections = 0;

  // Connections with peers over TCP (RFC 6062)
  std::uint64_t peer_connections_now = 0;
  std::uint64_t failed_connects = 0;  ///< 447
  std::uint64_t refused_peers = 0;    ///< closed because there were enough

  // Relayed
  Traffic to_peers;
  Traffic from_peers;

  // Dropped without an answer
  std::uint64_t denied_clients = 0;       ///< what came from clients that are not served
  Traffic over_bandwidth;                 ///< datagrams beyond one of Config::bandwidth
  std::uint64_t not_understood = 0;       ///< neither STUN nor ChannelData, or malformed
  std::uint64_t unexpected_messages = 0;  ///< a class or method that no client sends
  std::uint64_t rate_limited = 0;         ///< unauthenticated answers not given
  std::uint64_t no_allocation = 0;        ///< indications and ChannelData of unknown five-tuples
  std::uint64_t no_channel = 0;
  std::uint64_t no_permission_to = 0;    ///< from clients to peers
  std::uint64_t no_permission_from = 0;  ///< from peers to clients
  std::uint64_t no_client = 0;        ///< peer data for a mobile client whose connection has ended
  std::uint64_t too_large = 0;        ///< peer data that no message can hold
  std::uint64_t unknown_sockets = 0;  ///< peer data for a relay socket that is no more
};

}  // namespace stile::relay
