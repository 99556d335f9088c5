#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "nat/core/explicit_mapping.hpp"
#include "nat/core/nat.hpp"
#include "nat/core/tcp_tracking.hpp"
#include "nat/ipv6/error_rate.hpp"
#include "nat/ipv6/icmp_translation.hpp"
#include "nat/packet/ipv6.hpp"
#include "stile/base/deadline_queue.hpp"
#include "stile/base/slot_map.hpp"

namespace stile::nat {

/// An inside port that everybody may write to.
struct Pinhole {
  Protocol protocol = Protocol::tcp;
  TransportAddress inside;
};

struct FirewallConfig {
  IpPrefix inside_prefix;
  IpAddress inside_address;   ///< its own: the source of ICMPv6 errors to that side
  IpAddress outside_address;  ///< likewise
  Behavior filtering = Behavior::endpoint_independent;
  Behavior filtering_tcp = Behavior::endpoint_independent;
  std::vector<Pinhole> pinholes;
  std::uint16_t inside_mtu = 1500;
  std::uint16_t outside_mtu = 1500;
  Duration udp_timeout = std::chrono::seconds(300);
  Duration icmp_timeout = std::chrono::seconds(60);
  Duration tcp_established_timeout = std::chrono::seconds(7440);
  Duration tcp_transitory_timeout = std::chrono::seconds(240);
  Duration other_timeout = std::chrono::seconds(600);  ///< of other protocols, ESP above all
  std::size_t max_sessions = 65536;
  std::size_t max_commands = 65536;
  // Limits of what hosts ask for themselves; more is refused.
  std::size_t max_requested_pinholes = 4096;
  std::size_t requested_pinholes_per_host = 256;
  std::size_t max_filters = 16;  ///< of one pinhole
};
std::optional<std::string> problem_with(const FirewallConfig& config);

struct FirewallCounters {
  std::uint64_t passed_outbound = 0;
  std::uint64_t passed_inbound = 0;
  std::uint64_t icmp_errors_made = 0;
  std::uint64_t dropped_malformed = 0;
  std::uint64_t dropped_not_for_us = 0;
  std::uint64_t dropped_filtered = 0;
  std::uint64_t dropped_unmatched_error = 0;
  std::uint64_t dropped_no_connection = 0;
  std::uint64_t dropped_hop_limit = 0;
  std::uint64_t dropped_too_big = 0;
  std::uint64_t refused_session_limit = 0;
};

/// What a NAT does beside translating, for IPv6: what is asked for from inside comes in, and what
/// nobody asked for does not. Addresses and ports stay as they are. It filters as RFC 4787 §5 and
/// RFC 5382 §4.3 describe it, and forgets in the same times.
///
/// Limit: fragments after the first pass outwards, and inwards to hosts that have a session.
///
/// One input, drain, sleep: call one handle_... method, then take poll_command() until empty, then
/// sleep until poll_timeout(). Same inputs, same outputs, byte for byte.
class Firewall {
 public:
  /// Throws std::invalid_argument with the line of problem_with() if there is one.
  explicit Firewall(FirewallConfig config);

  /// `packet` begins with the IPv6 header; only its hop limit changes.
  Verdict handle_packet(Instant now, Side from, MutableBytes packet);
  void handle_timeout(Instant now);
  Instant poll_timeout() const { return std::min(queue_.earliest(), next_pinhole_end_); }
  std::optional<Command> poll_command();
  void flush();
  /// The timers are those of `wanted` from now on; what is open keeps its deadline until its next
  /// packet.
  void reconfigure(const FirewallConfig& wanted);
  /// Takes up a session of a firewall before this one, as for_each_session() has shown it. False if
  /// there is no room, or if its host is not inside.
  bool restore(Instant now, const SessionInfo& session);

  // firewall_requests.cpp: what hosts ask for themselves, for a while (RFC 6887).
  /// A pinhole until terms.until; nothing if there is one now, or why there is none.
  std::optional<ExplicitRefusal> open_pinhole(Instant now, const Pinhole& pinhole,
                                              const ExplicitTerms& terms);
  void close_pinhole(Instant now, const Pinhole& pinhole);
  /// Of one that was asked for, or nullptr.
  const ExplicitTerms* terms_of(const Pinhole& pinhole) const;
  /// Whether it is one of the configuration's.
  bool is_fixed(const Pinhole& pinhole) const;
  /// A session, made if there is none, lasts until then at least, whatever its idle timeout is.
  std::optional<ExplicitRefusal> keep_session(Instant now, const Pinhole& inside,
                                              const TransportAddress& remote, Instant until,
                                              const MappingNonce& nonce);
  struct KeptSession {
    Instant until{};
    std::optional<MappingNonce> nonce;  ///< of who has asked for it, if anybody has
  };
  std::optional<KeptSession> session_of(const Pinhole& inside,
                                        const TransportAddress& remote) const;
  /// Asked-for pinholes that are open, with their terms.
  void for_each_pinhole(
      const std::function<void(const Pinhole&, const ExplicitTerms&)>& visit) const;

  const FirewallConfig& config() const { return config_; }
  const FirewallCounters& counters() const { return counters_; }
  std::size_t session_count() const { return sessions_.size(); }
  /// The external endpoint is the inside one.
  void for_each_session(Instant now, const std::function<void(const SessionInfo&)>& visit) const;

 private:
  using Counter = std::uint64_t FirewallCounters::*;
  /// Ports are 0 where there are none, and an identifier for queries.
  struct Flow {
    std::uint8_t protocol = 0;
    TransportAddress inside;
    TransportAddress remote;
    std::optional<TcpView> tcp;
    friend bool operator<(const Flow& a, const Flow& b) {
      return std::tie(a.protocol, a.inside, a.remote) < std::tie(b.protocol, b.inside, b.remote);
    }
  };
  struct Session {
    SlotId<Session> id;
    Flow flow;
    TcpTracking tcp;
    Instant deadline{};
    Instant wake = never;  ///< its earliest entry in the queue
    Instant kept_until{};  ///< because its host has asked for it
    std::optional<MappingNonce> nonce;
    Traffic outbound;
    Traffic inbound;
  };
  using Id = SlotId<Session>;

  std::optional<Flow> read_flow(const Ipv6View& packet, const Ipv6Payload& payload,
                                Side from) const;
  std::optional<Counter> judge(const Ipv6View& packet, const Ipv6Payload& payload, Side from);
  std::optional<Counter> judge_flow(const Flow& flow, Side from, std::size_t bytes);
  std::optional<Counter> judge_error(const Ipv6View& packet, Bytes message, Side from) const;
  bool is_admitted(const Flow& flow) const;
  bool is_asked_for(const Flow& flow) const;
  void end_pinholes();
  bool has_session(const Flow& from_first) const;
  Session* open(const Flow& flow);
  void refresh(Session& session, Side from, const Flow& flow);
  void set_deadline(Session& session, Instant deadline);
  Duration timeout_of(const Session& session) const;
  void remove(Id id);
  bool can_go_out(const Ipv6View& packet, Side from);
  void send_error(const Ipv6View& about, Side toward, const IcmpHead& head);

  FirewallConfig config_;
  FirewallCounters counters_;
  ErrorRate error_rate_{100, 50};
  SlotMap<Session> sessions_;
  std::map<Flow, Id> by_flow_;
  DeadlineQueue<Id> queue_;
  using PinholeKey = std::pair<TransportAddress, Protocol>;  ///< those of a host are neighbours
  std::map<PinholeKey, ExplicitTerms> requested_;
  Instant next_pinhole_end_ = never;
  Instant now_{};
  std::deque<Command> commands_;
};

}  // namespace stile::nat
