#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "nat/core/protocol.hpp"
#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat {

/// RFC 6887 §13.3: who may write to a mapping. Port 0 stands for all.
struct RemoteFilter {
  IpPrefix prefix;
  std::uint16_t port = 0;

  bool admits(const TransportAddress& remote) const {
    return prefix.contains(remote.ip) && (port == 0 || port == remote.port);
  }
};

/// RFC 6887 §11.1: who asked for a mapping; the NAT keeps it and makes nothing of it.
using MappingNonce = std::array<std::uint8_t, 12>;

/// What outlives packets of an explicit dynamic mapping (RFC 6887 §2.2): one that a host asked for.
struct ExplicitTerms {
  Instant until{};
  MappingNonce nonce{};
  std::string description;
  std::vector<RemoteFilter> filters;  ///< none: everybody is admitted
};

/// An inside host asks to be reached (RFC 6887 §11).
struct MapRequest {
  Protocol protocol = Protocol::udp;  ///< or TCP
  TransportAddress inside;
  /// The external endpoint it would like; an unspecified address or port 0 stands for any.
  TransportAddress suggested{IpAddress::v4(0), 0};
  bool exactly = false;  ///< RFC 6887 §13.2: the suggested one or none
  /// RFC 6886 §3.3: the same port of the other protocol is kept for this host.
  bool reserves_companion = false;
  ExplicitTerms terms;
};

/// An inside host asks for a session before its first packet, or for a longer life of one (RFC 6887
/// §12).
struct PeerRequest {
  Protocol protocol = Protocol::udp;
  TransportAddress inside;
  TransportAddress remote;
  TransportAddress suggested{IpAddress::v4(0), 0};  ///< as it says, or nothing is done
  Instant until{};
  MappingNonce nonce{};
};

enum class ExplicitRefusal : std::uint8_t {
  external_unavailable,  ///< what was suggested cannot be had, and nothing else was wanted
  resources,             ///< the NAT has no mapping left
  quota,                 ///< the host has no mapping left
  too_many_filters
};

}  // namespace stile::nat
