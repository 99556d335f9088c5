#pragma once

#include <array>
#include <deque>
#include <expected>
#include <optional>

#include "nat/portmap/announcements.hpp"
#include "nat/portmap/config.hpp"
#include "nat/portmap/pcp_options.hpp"
#include "nat/portmap/request_rate.hpp"

namespace stile::nat::portmap {

inline constexpr std::uint16_t server_port = 5351;
inline constexpr std::uint16_t announcement_port = 5350;  ///< at 224.0.0.1 or ff02::1

struct Counters {
  std::array<std::uint64_t, pcp::result_count> pcp_answers{};  ///< by their result
  std::uint64_t nat_pmp_answers = 0;
  std::uint64_t ignored = 0;       ///< responses, and what is too short to be answered
  std::uint64_t rate_limited = 0;  ///< not answered
  std::uint64_t announcements = 0;
};

/// A PCP server (RFC 6887), as a pure state machine: all but the mappings themselves, which are its
/// device's.
///
/// One input, drain, sleep: call one handle_... method, then take poll_announcement() until empty,
/// then sleep until poll_timeout().
class PcpServer {
 public:
  /// Of clients with addresses of this family. Throws std::invalid_argument with the line of
  /// problem_with() if there is one. Begins an epoch, and announces it.
  PcpServer(Config config, Family family, Instant now);
  PcpServer(const PcpServer&) = delete;
  PcpServer& operator=(const PcpServer&) = delete;
  virtual ~PcpServer() = default;

  /// From an inside host to port 5351 of the device's inside address (RFC 6887 §8.2): the answer,
  /// if there is one. Datagrams from elsewhere, or to another address, are not for the server.
  std::optional<ByteVector> handle_datagram(Instant now, const TransportAddress& client,
                                            Bytes datagram);
  /// Mappings were lost, or the external addresses are others: RFC 6887 §8.5.
  void handle_state_loss(Instant now);
  void handle_timeout(Instant now);
  Instant poll_timeout() const { return announcements_.poll_timeout(); }
  /// To be sent from port 5351 to the announcement port of all hosts, inside.
  std::optional<ByteVector> poll_announcement();

  const Counters& counters() const { return counters_; }

 protected:
  /// Of a success: the lifetime and the external endpoint that the response has.
  struct Assigned {
    std::uint32_t lifetime_seconds = 0;
    TransportAddress external;
  };
  struct Failure {
    pcp::Result result = pcp::Result::success;
    std::uint32_t lifetime_seconds = 0;
    Failure(pcp::Result r) : result(r), lifetime_seconds(pcp::lifetime_of_error(r)) {}
    Failure(pcp::Result r, std::uint32_t seconds) : result(r), lifetime_seconds(seconds) {}
  };
  template <class Value>
  using Outcome = std::expected<Value, Failure>;

  /// RFC 6887 §11.3 and §15.1: a mapping is made, renewed, or deleted with a lifetime of 0. What
  /// any device refuses has been refused.
  virtual Outcome<Assigned> map(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                                const pcp::MapPayload& payload, const pcp::Options& options) = 0;
  /// RFC 6887 §12.3, likewise.
  virtual Outcome<Assigned> peer(const TransportAddress& inside, std::uint32_t lifetime_seconds,
                                 const pcp::PeerPayload& payload) = 0;
  /// What is added to the options of a success.
  virtual ByteVector further_options(const pcp::Options&) const { return {}; }
  /// What is not ignored.
  virtual std::optional<ByteVector> answer(const TransportAddress& client, Bytes datagram) {
    return answer_pcp(client, datagram);
  }
  /// One more announcement is due.
  virtual void announce();

  std::optional<ByteVector> answer_pcp(const TransportAddress& client, Bytes datagram);
  static bool is_peer(const TransportAddress& remote, Family family);
  Instant end_of_lifetime(std::uint32_t requested_seconds) const;
  std::uint32_t seconds_until(Instant until) const;
  std::uint32_t epoch_seconds() const;

  Config config_;
  Instant now_;
  Counters counters_;
  std::deque<ByteVector> outbox_;

 private:
  ByteVector answer(const IpAddress& client, const pcp::RequestView& request);
  Outcome<ByteVector> process(const IpAddress& client, const pcp::RequestView& request);
  Outcome<Assigned> check_and_map(const IpAddress& inside, const pcp::RequestView& request,
                                  const pcp::MapPayload& payload, const pcp::Options& options);
  Outcome<Assigned> check_and_peer(const IpAddress& inside, const pcp::RequestView& request,
                                   const pcp::PeerPayload& payload);
  Outcome<IpAddress> subject_of(const IpAddress& client, const pcp::Options& options) const;
  ByteVector error(Bytes request, const Failure& failure);

  Family family_;
  Instant epoch_began_;
  Announcements announcements_;
  RequestRate rate_{config_};
};

/// RFC 6887 §11.3: the protocols whose ports can be asked for.
constexpr bool is_mappable(std::uint8_t protocol) {
  return protocol == static_cast<std::uint8_t>(Protocol::udp) ||
         protocol == static_cast<std::uint8_t>(Protocol::tcp);
}

/// Asked for without a nonce: by NAT-PMP or UPnP.
inline constexpr MappingNonce no_nonce{};

/// RFC 6887 §11.3, simple threat model. What was asked for without a nonce, or before a restart,
/// may get one.
inline bool may_change(const ExplicitTerms& terms, const MappingNonce& nonce) {
  return terms.nonce == nonce || terms.nonce == no_nonce;
}

}  // namespace stile::nat::portmap
