#pragma once

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"
#include "stile/stun/channel_data.hpp"
#include "stile/stun/transaction.hpp"
#include "stile/turn/authentication.hpp"
#include "stile/turn/connection_binding.hpp"

namespace stile::turn {

struct Config {
  TransportAddress server;
  Credentials credentials;
  Family family = Family::ipv4;  ///< of the relayed address
  bool relays_tcp = false;       ///< it takes TCP connections (RFC 6062): over TCP and TLS only
  Duration lifetime = std::chrono::seconds(600);
  stun::RetransmissionPolicy retransmission{};
  std::size_t max_peers = 256;  ///< permissions, and channels; further peers are refused with 508
};

struct Allocated {
  TransportAddress relayed;
  TransportAddress mapped;
};
/// There is no allocation, or no longer. `error` is the STUN error number; 0: the server did not
/// answer.
struct Failed {
  std::uint16_t error = 0;
  std::string reason;  ///< one line for people
  std::optional<TransportAddress>
      alternate;  ///< with 300: the server to ask instead (RFC 8489 §10)
};
struct PermissionGranted {
  IpAddress peer;
};
struct PermissionRefused {
  IpAddress peer;
  std::uint16_t error = 0;
};
/// RFC 6062 §4.4: a permitted peer has connected to the relayed address. The server ends it unless
/// it is bound within 30 s; see Client::bind().
struct ConnectionOffered {
  std::uint32_t connection_id = 0;
  TransportAddress peer;
};
using Event =
    std::variant<Allocated, Failed, PermissionGranted, PermissionRefused, ConnectionOffered>;

/// Data that a peer sent to the relayed address; a view into the datagram that it came in.
struct Received {
  TransportAddress peer;
  Bytes data;
};

/// A TURN client (RFC 8656): one allocation of a relay, its permissions and channels, kept alive
/// until close(). Over TCP, TLS or DTLS, too: with `retransmission.reliable` for streams, and
/// one message at a time, as stun::next_frame() cuts them.
///
/// One input, drain, sleep: call one handle_... method (or allocate, permit, bind_channel, close),
/// then take poll_transmit() and poll_event() until empty, then sleep until poll_timeout(). Same
/// inputs, same outputs, byte for byte. The owner sends what poll_transmit() gives to the server,
/// all from one transport address.
class Client {
 public:
  Client(Config config, Random& random);

  void allocate(Instant now);
  /// A permission for all ports of the peer (RFC 8656 §9), kept until close().
  void permit(Instant now, const IpAddress& peer);
  /// A channel (RFC 8656 §12): 4 bytes in front of the data instead of 36. Data flows before it is
  /// bound, too.
  void bind_channel(Instant now, const TransportAddress& peer);
  /// For the connection on which it is to be taken over.
  ConnectionBinding bind(const ConnectionOffered& offered) const {
    return {offered.connection_id, authentication_};
  }
  /// Gives the allocation back (RFC 8656 §8: a lifetime of 0). No event follows, and no other
  /// allocation.
  void close(Instant now);

  /// The connection to the server is gone, and with it the allocation (RFC 8656 §3.1: one 5-tuple,
  /// one allocation).
  void handle_disconnected(std::string reason);
  /// Whatever came from the server. Answers data, or nothing if it was the client's own business.
  std::optional<Received> handle_server_datagram(Instant now, Bytes datagram);
  void handle_timeout(Instant now);
  Instant poll_timeout() const;
  std::optional<ByteVector> poll_transmit();
  std::optional<Event> poll_event();

  /// Asked for, and not answered yet.
  bool is_pending() const { return !allocation_ && !closing_ && !transactions_.empty(); }
  bool is_allocated() const { return allocation_.has_value(); }
  std::optional<TransportAddress> relayed() const {
    return allocation_ ? std::optional(allocation_->addresses.relayed) : std::nullopt;
  }
  bool is_permitted(const IpAddress& peer) const;
  const TransportAddress& server() const { return config_.server; }
  /// Of requests that had to be sent again: what was lost on the way, or was slow.
  unsigned late_answers() const { return late_answers_; }

  /// The data as the server takes it: ChannelData once the channel is bound, else a Send indication
  /// (RFC 8656 §11.1). `data` has datagram_headroom free bytes in front, which are written; the
  /// view is good until the next call. Empty if there is no allocation.
  Bytes wrap(const TransportAddress& peer, MutableBytes data);

 private:
  struct AllocateRequest {};
  struct RefreshRequest {
    Duration lifetime;
  };
  struct PermissionRequest {
    std::vector<IpAddress> peers;
  };
  struct ChannelRequest {
    stun::ChannelNumber number;
    TransportAddress peer;
  };
  using Procedure =
      std::variant<AllocateRequest, RefreshRequest, PermissionRequest, ChannelRequest>;

  struct Transaction {
    stun::TransactionId id;
    Procedure procedure;
    ByteVector bytes;
    stun::TransactionTimer timer;
    bool was_signed = false;
    unsigned attempt = 1;  ///< challenges answered so far, plus one
  };
  struct Allocation {
    Allocated addresses;
    Instant refresh_at;
  };
  struct Permission {
    IpAddress peer;
    bool granted = false;
    bool in_flight = false;
    Instant refresh_at;
  };
  struct Channel {
    stun::ChannelNumber number;
    TransportAddress peer;
    bool bound = false;
    bool in_flight = false;
    Instant refresh_at;
  };

  // transactions.cpp
  void start(Instant now, Procedure procedure, unsigned attempt = 1);
  ByteVector build(const stun::TransactionId& id, const Procedure& procedure) const;
  void handle_response(Instant now, const stun::MessageView& response);
  bool is_authentic(const stun::MessageView& response, const Transaction& transaction) const;
  void handle_challenge(Instant now, const stun::MessageView& response, Transaction transaction);
  void give_up(Instant now, const Transaction& transaction, std::uint16_t error,
               std::string reason);
  void fail(std::uint16_t error, std::string reason);
  void follow(const stun::MessageView& response);

  // allocation.cpp
  void succeed(Instant now, const AllocateRequest& request, const stun::MessageView& response);
  void refuse(Instant now, const AllocateRequest& request, std::uint16_t error,
              const std::string& reason);
  void succeed(Instant now, const RefreshRequest& request, const stun::MessageView& response);
  void refuse(Instant now, const RefreshRequest& request, std::uint16_t error,
              const std::string& reason);
  void plan_refresh(Instant now, const stun::MessageView& response);

  // permissions.cpp
  void request_permissions(Instant now);
  void succeed(Instant now, const PermissionRequest& request, const stun::MessageView& response);
  void refuse(Instant now, const PermissionRequest& request, std::uint16_t error,
              const std::string& reason);
  Permission* find_permission(const IpAddress& peer);
  void drop_permission(const IpAddress& peer, std::uint16_t error);

  // channels.cpp
  void request_channels(Instant now);
  void succeed(Instant now, const ChannelRequest& request, const stun::MessageView& response);
  void refuse(Instant now, const ChannelRequest& request, std::uint16_t error,
              const std::string& reason);

  // connections.cpp
  void take_attempt(const stun::MessageView& indication);

  // data.cpp
  std::optional<Received> unwrap_indication(const stun::MessageView& message) const;
  Bytes wrap_indication(const TransportAddress& peer, MutableBytes data);

  Config config_;
  Random& random_;
  Authentication authentication_;
  std::optional<Allocation> allocation_;
  bool closing_ = false;
  unsigned late_answers_ = 0;
  std::vector<Transaction> transactions_;
  std::vector<Permission> permissions_;
  std::vector<Channel> channels_;
  std::deque<ByteVector> transmits_;
  std::deque<Event> events_;
  ByteVector indication_;  ///< where a Send indication is built that needs padding behind the data
};

}  // namespace stile::turn
