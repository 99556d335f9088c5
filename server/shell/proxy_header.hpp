#pragma once

#include <cstddef>
#include <optional>

#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"

namespace stile::server {

/// What a balancer says before a connection's own bytes: whose connection it is (the PROXY protocol
/// of HAProxy, versions 1 and 2). Only what comes from a trusted balancer may be read so.
struct ProxyHeader {
  enum class Status : unsigned char { complete, incomplete, malformed } status;
  std::size_t size = 0;  ///< when complete: bytes to consume
  std::optional<TransportAddress>
      source;  ///< the client; nothing: the connection is the balancer's own
};

ProxyHeader parse_proxy_header(Bytes stream);

}  // namespace stile::server
