#pragma once

#include "server/core/authentication.hpp"
#include "server/core/network.hpp"
#include "server/core/quota.hpp"

namespace stile::relay {

/// What an answer needs of its request. It holds no view, so an answer may come after the datagram
/// is gone.
struct Asked {
  FiveTuple five_tuple;  ///< where the request came from and where the answer goes
  stun::Method method;
  stun::TransactionId transaction_id;
  bool fingerprint = false;  ///< RFC 8489 §7: it had one, so the answer has
  Protection protection;
};

/// A request under way through its procedure.
struct Request {
  Instant now;
  UnixSeconds wall;
  const stun::MessageView& message;
  Asked asked;
  std::string user;                ///< once authenticated
  std::optional<Session> session;  ///< likewise, of an access token
  QuotaHolder holder() const { return {user, network_of(asked.five_tuple.client.ip)}; }
};

}  // namespace stile::relay
