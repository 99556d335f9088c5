#pragma once

#include <memory>
#include <vector>

#include "server/core/bandwidth.hpp"
#include "server/core/mobility_ticket.hpp"
#include "server/core/relay.hpp"
#include "server/core/request.hpp"
#include "server/core/resources.hpp"

namespace stile::relay {

/// One relayed transport address of an allocation.
struct RelayedAddress {
  RelaySocketId socket;
  TransportAddress address;  ///< as clients and peers see it: the external one behind a 1:1 NAT
  Instant expires;
};

/// RFC 8016: what lets a client take its allocation along to another five-tuple.
struct Mobility {
  MobilityTicket ticket;  ///< the one that is good
  /// The one before, and the Refresh that used it up: it may come again (§3.2.2).
  MobilityTicket used;
  stun::TransactionId used_by;
  std::optional<FiveTuple> next;  ///< where the client has come to; no data has come from there yet
  bool is_adrift = false;         ///< its connection has ended, and it has not come again
};

/// RFC 8656 §6: all that the server knows of a client. Its tables are small and flat: they are
/// searched from end to end for each packet, and what has expired is taken out when its time comes.
struct Allocation {
  FiveTuple five_tuple;
  stun::TransactionId
      created_by;  ///< tells a retransmission from a second Allocate (RFC 8656 §7.2)
  Instant created;
  std::string user;
  IpAddress network;  ///< whose quota it counts against
  RelayProtocol protocol = RelayProtocol::udp;
  std::array<std::optional<RelayedAddress>, 2> relayed;  ///< by Family
  std::optional<ReservationToken> reservation;           ///< what the answer told
  std::optional<stun::AddressErrorCode> missing_family;  ///< likewise
  std::vector<Permission> permissions;
  std::vector<ChannelBinding> channels;
  std::vector<PeerConnectionId> peer_connections;  ///< RFC 6062
  Traffic to_peers, from_peers;
  Bandwidth bandwidth;
  Bandwidth* user_bandwidth = nullptr;  ///< shared by all of the user's, in all cores
  std::unique_ptr<Mobility> mobility;   ///< null: it stays where it is
  std::unique_ptr<Session> session;     ///< of the last access token; null: there was none

  bool has_client() const { return !mobility || !mobility->is_adrift; }
  QuotaHolder holder() const { return {user, network}; }
  std::optional<TransportAddress> address(Family family) const;
  const std::optional<RelayedAddress>& of(Family family) const {
    return relayed[static_cast<std::size_t>(family)];
  }
  std::optional<RelayedAddress>& of(Family family) {
    return relayed[static_cast<std::size_t>(family)];
  }

  bool has_other_than(Family family) const {
    return of(family == Family::ipv4 ? Family::ipv6 : Family::ipv4).has_value();
  }

  Permission* permission(const IpAddress& peer);
  ChannelBinding* channel(stun::ChannelNumber number);
  ChannelBinding* channel(const TransportAddress& peer);

  /// When the next of its parts expires.
  Instant next_deadline() const;
  /// When the last relayed address does.
  Instant expires() const;
};
using AllocationId = SlotId<Allocation>;

struct RelaySocket {
  TransportAddress local;
  std::optional<AllocationId> owner;  ///< none while the shell is binding it
};

}  // namespace stile::relay
