#pragma once

#include <unordered_map>

#include "server/core/ip_fields.hpp"
#include "server/core/rate_limit.hpp"
#include "server/shell/admission.hpp"
#include "server/shell/certificates.hpp"
#include "server/shell/client_counters.hpp"
#include "server/shell/client_handler.hpp"
#include "server/shell/client_limits.hpp"
#include "server/shell/dtls_cookies.hpp"
#include "server/shell/dtls_session.hpp"
#include "stile/base/deadline_queue.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::server {

/// One worker's clients over DTLS. Until a client has sent back the cookie of its
/// HelloVerifyRequest it has no state here, and is sent fewer bytes than it sent (RFC 6347 §4.2.1).
class DtlsClients {
 public:
  /// Sends one datagram from five_tuple.server to five_tuple.client; the bytes are gone afterwards.
  using Output = std::function<void(const FiveTuple&, Bytes datagram, relay::IpFields)>;

  DtlsClients(const ClientLimits& limits, const Certificates& certificates,
              const relay::RateLimit& answers, Random& random, ClientCounters& counters,
              ClientHandler handler, Output output);

  /// What begins_dtls(). Messages are decrypted to where the datagram lies.
  void handle_datagram(Instant now, FiveTuple five_tuple, MutableBytes datagram,
                       std::uint8_t traffic_class = 0);
  /// Of the datagram that a message has come in, while that is handled.
  std::uint8_t traffic_class() const { return traffic_class_; }
  /// Another limit of the answers to hellos without a cookie.
  void limit_answers(relay::RateLimiter answers) { answers_ = std::move(answers); }
  void send(const FiveTuple& to, Bytes message, relay::IpFields fields = {});
  Instant poll_timeout() const;
  void handle_timeout(Instant now);

 private:
  struct Client {
    FiveTuple five_tuple;
    std::unique_ptr<DtlsSession> session;
    WireSink sink;
    DtlsSession::Random random;  ///< tells its hello from that of the next client at this address
    Instant last_heard;          ///< of messages; anybody can send what is none
    Instant deadline;
    bool is_open = false;
    bool is_known = false;  ///< messages have come from it
    bool is_timed = false;  ///< it is in timers_
  };
  using Id = SlotId<Client>;

  void handle_hello(Instant now, const FiveTuple& five_tuple, const ClientHello& hello,
                    MutableBytes datagram);
  void ask_for_cookie(Instant now, const FiveTuple& five_tuple, const ClientHello& hello);
  bool start(Instant now, const FiveTuple& five_tuple, const ClientHello& hello, Bytes record);
  void receive(Instant now, Id id, MutableBytes datagram);
  void advance(Instant now, Id id, bool alive);
  bool admit(Admission& admission, Id id, const IpAddress& source);
  void close(Id id);
  void sweep(Instant now);
  bool has_ended(Instant now, const Client& client) const;

  const ClientLimits& limits_;
  const Certificates& certificates_;
  ClientCounters& counters_;
  ClientHandler handler_;
  Output output_;

  DtlsCookies cookies_;
  relay::RateLimiter answers_;
  SlotMap<Client> clients_;
  std::unordered_map<FiveTuple, Id> by_five_tuple_;
  Admission sessions_;
  Admission handshakes_;
  DeadlineQueue<Id> timers_;  ///< of flights that may have to be sent again
  Instant next_sweep_ = never;
  std::uint8_t traffic_class_ = 0;
  relay::IpFields fields_;  ///< of what is being sent
};

}  // namespace stile::server
