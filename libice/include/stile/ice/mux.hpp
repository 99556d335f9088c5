#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "stile/base/address.hpp"
#include "stile/base/bytes.hpp"
#include "stile/base/instant.hpp"
#include "stile/stun/message_type.hpp"

namespace stile::ice {

struct MuxLimits {
  std::size_t owners = 65'536;
  std::size_t transactions = 65'536;    ///< checks without an answer; beyond them the oldest go
  std::size_t addresses_of_owner = 16;  ///< beyond them the oldest goes
};

/// What was not for anybody, and why.
struct MuxCounters {
  std::uint64_t unknown_ufrag = 0;
  std::uint64_t unknown_response = 0;
  std::uint64_t unknown_address = 0;
  std::uint64_t malformed = 0;

  MuxCounters& operator+=(const MuxCounters& other);
};

/// Whose each datagram is that comes to a socket which many agents share. A check names the ufrag
/// of its agent (RFC 8445 §7.2.2), a response answers the check of one; all else is known by the
/// address that it comes from, which belongs to the agent that has proven last that its peer is
/// there.
///
/// Pure: no sockets, no clock. Limit: two agents cannot have their peers at one address and port
/// (say, at another shared socket), since nothing in a datagram of data says which of them it is
/// for. Nor can a TURN server be asked over UDP from a shared socket, since it knows its clients by
/// their address.
class Mux {
 public:
  using Owner = std::uint32_t;

  explicit Mux(MuxLimits limits = {}) : limits_(limits) {}

  /// Adds the agent, or what it is called since its restart; by its former ufrag it is known until
  /// the next one. False if another one has this ufrag, or there is no room.
  bool add(Owner owner, std::string_view ufrag);
  void remove(Owner owner);

  /// Whose the datagram is. Allocates nothing.
  std::optional<Owner> owner_of(const TransportAddress& from, Bytes datagram);
  /// What an agent sends, but for data, which may be left out: its checks, to know whose the
  /// answers are; and its answers, since who gets one has proven who it is.
  void note_sent(Instant now, Owner owner, const TransportAddress& to, Bytes datagram);

  bool has(Owner owner) const { return owners_.contains(owner); }
  std::size_t size() const { return owners_.size(); }
  const MuxCounters& counters() const { return counters_; }

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  struct IdHash {
    std::size_t operator()(const stun::TransactionId& id) const noexcept;
  };
  struct Agent {
    std::vector<std::string> ufrags;  ///< the newest last; at most two
    std::vector<TransportAddress> addresses;
  };
  struct Asked {
    Owner owner;
    TransportAddress to;
  };
  /// A check that was answered, which is a round trip, proves more than one that came, whose source
  /// may be forged by another agent's peer.
  struct Peer {
    Owner owner;
    bool round_trip;
  };
  using Transactions = std::unordered_map<stun::TransactionId, Asked, IdHash>;

  std::optional<Owner> by_ufrag(Bytes request);
  std::optional<Owner> by_transaction(const TransportAddress& from, Bytes response);
  std::optional<Owner> by_address(const TransportAddress& from);
  void bind(Owner owner, const TransportAddress& peer, bool round_trip);
  void unbind(Owner owner, const TransportAddress& peer);
  void note_request(Instant now, Owner owner, const TransportAddress& to,
                    const stun::TransactionId& id);

  MuxLimits limits_;
  MuxCounters counters_;
  std::unordered_map<std::string, Owner, TextHash, std::equal_to<>> ufrags_;
  std::unordered_map<Owner, Agent> owners_;
  std::unordered_map<TransportAddress, Peer> peers_;
  // Two generations, the older of which is forgotten when the younger one has had its time.
  Transactions young_;
  Transactions old_;
  Instant young_since_{};
};

}  // namespace stile::ice
