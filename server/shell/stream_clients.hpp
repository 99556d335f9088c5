#pragma once

#include <unordered_map>
#include <vector>

#include "server/shell/acceptor.hpp"
#include "server/shell/admission.hpp"
#include "server/shell/certificates.hpp"
#include "server/shell/client_counters.hpp"
#include "server/shell/client_handler.hpp"
#include "server/shell/client_limits.hpp"
#include "server/shell/poller.hpp"
#include "server/shell/stream_client.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::server {

/// One worker's clients over TCP and TLS, from accept() to the end: who may come, what their first
/// bytes are, the messages that they send, and those that wait to be sent to them. A port tells TLS
/// from plain by the first byte.
class StreamClients {
 public:
  /// A connection that is no longer a client's (RFC 6062 §5.4: after ConnectionBind its bytes are a
  /// peer's).
  struct Released {
    Stream stream;
    ByteVector early;  ///< what has been read behind the last message
  };

  /// `certificates` may be null: no TLS. Connections from `balancers` begin with a PROXY header.
  StreamClients(Poller& poller, const ClientLimits& limits, const Certificates* certificates,
                std::vector<IpPrefix> balancers, ClientCounters& counters, ClientHandler handler);

  /// Takes the connections that wait at a listener bound to `local`.
  void accept(Instant now, int listener, const TransportAddress& local);
  void handle(Instant now, const Poller::Event& event);
  /// Sent by the next flush(); messages for the same client leave together.
  void send(Instant now, const FiveTuple& to, Bytes message);
  /// The end of a wake-up.
  void flush(Instant now);
  Instant poll_timeout() const { return next_sweep_; }
  void handle_timeout(Instant now);

  /// Answers that wait are sent first; the descriptor is no longer polled. May be called from
  /// within handler.message.
  std::optional<Released> release(const FiveTuple& five_tuple);
  /// Takes over a connection that another worker has released, in the midst of its messages.
  void adopt(Instant now, const FiveTuple& five_tuple, Released connection);

 private:
  using Id = SlotId<StreamClient>;

  void add(Instant now, Descriptor socket, const TransportAddress& from,
           const TransportAddress& local);
  void watch(Instant now, Id id, StreamClient& client);
  bool admit(Admission& admission, Id id, const IpAddress& source);
  void close(Id id);
  void forget(Id id);

  bool read(Instant now, Id id, StreamClient& client, MutableBytes& rest);
  void end_reading(Instant now, Id id, StreamClient& client, bool alive, Bytes rest);
  bool take_proxy_header(Id id, StreamClient& client, MutableBytes& rest);
  bool take_first_byte(Instant now, Id id, StreamClient& client, MutableBytes& rest);
  void end_handshake(Instant now, Id id, StreamClient& client);
  bool take_messages(Instant now, Id id, StreamClient& client, MutableBytes& rest);
  bool may_be_so_long(StreamClient& client, std::size_t message_size);
  bool make_known(Id id, StreamClient& client);
  void mark_dirty(Id id, StreamClient& client);
  void poll(Id id, StreamClient& client);
  bool has_ended(Instant now, StreamClient& client);

  Poller& poller_;
  const ClientLimits& limits_;
  const Certificates* certificates_;
  std::vector<IpPrefix> balancers_;
  ClientCounters& counters_;
  ClientHandler handler_;

  SlotMap<StreamClient> clients_;
  std::unordered_map<FiveTuple, Id> by_five_tuple_;
  Admission connections_;
  Admission handshakes_;
  std::vector<Id> dirty_;
  unsigned openings_left_;  ///< of this wake-up
  Instant next_sweep_ = never;
  Acceptor acceptor_;
  ByteVector buffer_;  ///< for one read, with the cores' headroom before it

  Id reading_;    ///< whose message is being handled
  Bytes unread_;  ///< what lies behind it
};

}  // namespace stile::server
