#pragma once

#include "server/shell/stream.hpp"
#include "stile/base/instant.hpp"

namespace stile::server {

/// A connection of a client and one of a peer, joined (RFC 6062 §5.4): what comes on the one leaves
/// on the other, as it is. What the receiver does not take stays with the sender: while bytes are
/// unsent on one side the other is not read, so that its TCP window closes. No direction ever holds
/// more than one read.
class DataConnection {
 public:
  enum class Side : std::uint8_t { client, peer };
  enum class State : std::uint8_t { open, ended, broken };
  struct Relayed {
    std::size_t to_peer = 0;
    std::size_t from_peer = 0;
  };

  /// `early`: what the client has sent behind its ConnectionBind.
  DataConnection(Instant now, Stream client, Stream peer, Bytes early);

  /// Moves what can be moved both ways, for a while, through `buffer` (Stream::room_to_read bytes).
  /// Adds to `relayed`.
  State relay(Instant now, MutableBytes buffer, Relayed& relayed);
  /// Leaves neither side in the belief that it has heard all.
  void reset();
  /// Says goodbye on both sides.
  void finish();

  /// What to wait for, as Poller::Interest.
  std::uint32_t interest(Side side) const;
  int fd(Side side) const { return of(side).fd(); }
  /// One side has said that it sends no more, and the other has had nothing to say since, for long.
  bool is_abandoned(Instant now) const;

 private:
  bool move(Stream& from, Stream& to, bool& ended, MutableBytes buffer, std::size_t& moved);
  std::size_t unsent() const { return client_.unsent() + peer_.unsent(); }
  const Stream& of(Side side) const { return side == Side::client ? client_ : peer_; }

  Stream client_;
  Stream peer_;
  bool client_ended_ = false;
  bool peer_ended_ = false;
  Instant last_moved_;
};

}  // namespace stile::server
