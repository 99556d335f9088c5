#pragma once

#include <string>
#include <vector>

#include "server/core/relay.hpp"
#include "server/shell/counter_names.hpp"

namespace stile::server {

/// One allocation as its worker knew it: a copy, with times counted from then.
struct AllocationReport {
  struct Permission {
    IpAddress peer;
    Duration left;
  };
  struct Channel {
    stun::ChannelNumber number;
    TransportAddress peer;
    Duration left;
  };

  FiveTuple five_tuple;
  std::string username;
  relay::RelayProtocol protocol;
  std::vector<TransportAddress> relayed;  ///< as told to the client; one of each family at most
  Duration age, left;
  std::vector<Permission> permissions;
  std::vector<Channel> channels;
  std::size_t peer_connections;
  relay::Traffic to_peers, from_peers;

  AllocationReport(const relay::AllocationInfo& info, Instant now);
  bool has(const TransportAddress& address) const;
};

}  // namespace stile::server
