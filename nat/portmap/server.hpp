#pragma once

#include <array>
#include <deque>
#include <expected>
#include <optional>

#include "nat/core/nat.hpp"
#include "nat/portmap/announcements.hpp"
#include "nat/portmap/config.hpp"
#include "nat/portmap/pcp_options.hpp"
#include "nat/portmap/request_rate.hpp"

namespace stile::nat::portmap {

inline constexpr std::uint16_t server_port = 5351;
inline constexpr std::uint16_t announcement_port = 5350;  ///< at 224.0.0.1
/// RFC 6887 §11.3: for nat::Config::reserved_udp_ports.
inline constexpr std::array<std::uint16_t, 2> own_ports{announcement_port, server_port};

struct Counters {
  std::array<std::uint64_t, pcp::result_count> pcp_answers{};  ///< by their result
  std::uint64_t nat_pmp_answers = 0;
  std::uint64_t ignored = 0;       ///< responses, and what is too short to be answered
  std::uint64_t rate_limited = 0;  ///< not answered
  std::uint64_t announcements = 0;
};

/// The PCP and NAT-PMP server of a NAT (RFC 6887, RFC 6886), as a pure state machine.
///
/// One input, drain, sleep: call one handle_... method, then take poll_announcement() until empty,
/// then sleep until poll_timeout(). Mappings are the Nat's; nothing is kept of them here.
class Server {
 public:
  /// Throws std::invalid_argument with the line of problem_with() if there is one. `nat` outlives
  /// the Server. Begins an epoch, and announces it.
  Server(Config config, Nat& nat, Instant now);

  /// From an inside host to port 5351 of the NAT's inside address (RFC 6887 §8.2): the answer, if
  /// there is one. Datagrams from elsewhere, or to another address, are not for the server.
  std::optional<ByteVector> handle_datagram(Instant now, const TransportAddress& client,
                                            Bytes datagram);
  /// Mappings were lost, or the external addresses are others: RFC 6887 §8.5.
  void handle_state_loss(Instant now);
  void handle_timeout(Instant now);
  Instant poll_timeout() const { return announcements_.poll_timeout(); }
  /// To be sent from port 5351 to 224.0.0.1:5350, inside.
  std::optional<ByteVector> poll_announcement();

  const Counters& counters() const { return counters_; }

 private:
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
  struct NatPmpMapping {
    Protocol protocol = Protocol::udp;
    TransportAddress inside;
    std::uint16_t suggested_port = 0;
    std::uint32_t lifetime_seconds = 0;
  };

  // pcp.cpp
  std::optional<ByteVector> handle_pcp(const TransportAddress& client, Bytes datagram);
  ByteVector answer(const IpAddress& client, const pcp::RequestView& request);
  Outcome<ByteVector> process(const IpAddress& client, const pcp::RequestView& request);
  Outcome<IpAddress> subject_of(const IpAddress& client, const pcp::Options& options) const;
  ByteVector error(Bytes request, const Failure& failure);

  // pcp_map.cpp
  Outcome<Assigned> map(const IpAddress& inside, const pcp::RequestView& request,
                        const pcp::MapPayload& payload, const pcp::Options& options);
  Outcome<Assigned> make_mapping(const TransportAddress& inside, const pcp::RequestView& request,
                                 const pcp::MapPayload& payload, const pcp::Options& options);
  Outcome<Assigned> delete_mapping(const TransportAddress& inside, const pcp::MapPayload& payload);
  std::optional<Assigned> unchanging(const TransportAddress& inside, Protocol protocol) const;
  Instant end_of_lifetime(std::uint32_t requested_seconds) const;
  std::uint32_t seconds_until(Instant until) const;

  // pcp_peer.cpp
  Outcome<Assigned> peer(const IpAddress& inside, const pcp::RequestView& request,
                         const pcp::PeerPayload& payload);

  // nat_pmp.cpp
  std::optional<ByteVector> handle_nat_pmp(const TransportAddress& client, Bytes datagram);
  ByteVector external_address(const IpAddress& client) const;
  ByteVector map_by_nat_pmp(const IpAddress& client, Bytes datagram);
  std::uint16_t create_by_nat_pmp(NatPmpMapping& mapping);
  std::uint16_t delete_by_nat_pmp(const NatPmpMapping& mapping);
  std::uint16_t delete_all_by_nat_pmp(const NatPmpMapping& mapping);
  bool has_forward(const IpAddress& inside, Protocol protocol) const;
  ByteVector nat_pmp_header(std::uint8_t opcode, std::uint16_t result, std::size_t size) const;

  std::uint32_t epoch_seconds() const;

  Config config_;
  Nat& nat_;
  Instant now_;
  Instant epoch_began_;
  Announcements announcements_;
  RequestRate rate_{config_};
  Counters counters_;
  std::deque<ByteVector> outbox_;
};

/// Asked for without a nonce: by NAT-PMP or UPnP.
inline constexpr MappingNonce no_nonce{};

}  // namespace stile::nat::portmap
