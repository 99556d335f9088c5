#pragma once

#include <cstdint>

namespace stile::server {

/// What one worker has seen of its clients over TCP, TLS and DTLS. They only grow, except where
/// they say "now".
struct ClientCounters {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_now = 0;
  std::uint64_t connections_refused = 0;   ///< there was no room, or such clients are not served
  std::uint64_t connections_evicted = 0;   ///< made room for another
  std::uint64_t connections_too_slow = 0;  ///< missed a deadline
  std::uint64_t malformed_proxy_headers = 0;
  std::uint64_t malformed_streams =
      0;  ///< neither STUN nor ChannelData nor TLS, or too long for one who has no allocation

  std::uint64_t tls_handshakes = 0;
  std::uint64_t tls_failures = 0;  ///< handshakes refused or broken off

  std::uint64_t dtls_sessions_now = 0;
  std::uint64_t dtls_hello_verify_requests = 0;
  std::uint64_t dtls_handshakes = 0;
  std::uint64_t dtls_failures = 0;
  std::uint64_t dtls_dropped = 0;  ///< datagrams of no session, malformed hellos, hellos that there
                                   ///< was no room for, hellos of clients that are not served

  std::uint64_t messages_dropped_full =
      0;  ///< relayed data for a client that reads too slowly: the queue was full
  std::uint64_t messages_dropped_old = 0;  ///< the same: it was too old
};

}  // namespace stile::server
