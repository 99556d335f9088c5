#pragma once

#include "server/core/relay.hpp"
#include "server/shell/stream.hpp"
#include "stile/base/instant.hpp"

namespace stile::server {

/// A connection of a client and one of a peer, joined (RFC 6062 §5.4): what comes on the one leaves
/// on the other, as it is. What the receiver does not take stays with the sender: while bytes are
/// unsent on one side the other is not read, so that its TCP window closes. No direction ever holds
/// more than one read. A side that there is no bandwidth for is not read either.
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
  /// From when on each side may be read.
  void hold_up(const relay::ReadAgain& until) { held_up_ = until; }
  /// The next time that a side may be read again; `never` if none is held up.
  Instant read_again(Instant now) const;
  /// Leaves neither side in the belief that it has heard all.
  void reset();
  /// Says goodbye on both sides.
  void finish();

  /// What to wait for, as Poller::Interest.
  std::uint32_t interest(Side side, Instant now) const;
  int fd(Side side) const { return of(side).fd(); }
  /// One side has said that it sends no more, and the other has had nothing to say since, for long.
  bool is_abandoned(Instant now) const;

 private:
  struct Way {
    Stream& from;
    Stream& to;
    bool& ended;
    Instant held_up;
  };
  static bool move(Instant now, const Way& way, MutableBytes buffer, std::size_t& moved);
  std::size_t unsent() const { return client_.unsent() + peer_.unsent(); }
  const Stream& of(Side side) const { return side == Side::client ? client_ : peer_; }

  Stream client_;
  Stream peer_;
  bool client_ended_ = false;
  bool peer_ended_ = false;
  relay::ReadAgain held_up_;
  Instant last_moved_;
};

}  // namespace stile::server
