#pragma once

#include <array>
#include <deque>
#include <expected>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nat/core/address_set.hpp"
#include "nat/core/bindings.hpp"
#include "nat/core/esp_passthrough.hpp"
#include "nat/core/flow.hpp"
#include "nat/core/fragment_tracker.hpp"
#include "nat/core/held_syns.hpp"
#include "nat/core/icmp_error_maker.hpp"
#include "nat/core/ipv4_networks.hpp"
#include "nat/core/nat.hpp"
#include "nat/core/plain_packet.hpp"
#include "nat/core/sequence_offset.hpp"
#include "nat/core/static_addresses.hpp"
#include "nat/packet/icmp.hpp"
#include "nat/packet/ipv4.hpp"

namespace stile::nat {

/// Whom inside a packet from outside reaches.
struct Admission {
  Endpoint inside;
  bool has_mapping = false;  ///< else the host has the external address to itself
  /// With the sender, if they have one: endpoint-independent filtering lets in strangers as well,
  /// for whom nothing is kept until they are answered.
  SessionRef session{};
};

/// What Nat is made of: one file for each procedure.
class Nat::Core {
 public:
  Core(Config config, Random& random);

  Verdict handle_packet(Instant now, Side from, MutableBytes packet);
  void prefetch(Side from, std::span<const Bytes> packets);  // prefetch.cpp
  void handle_timeout(Instant now) { advance(now); }
  Instant poll_timeout() const;
  std::optional<Command> poll_command();
  std::optional<Event> poll_event();
  void set_external(Instant now, std::vector<IpAddress> external);
  void set_mtus(std::uint16_t inside, std::uint16_t outside);
  void flush(Instant now);
  void reconfigure(Instant now, const Config& wanted);  // reconfigure.cpp
  void set_server_well(Instant now, Endpoint server, bool is_well);
  bool restore(Instant now, const SessionInfo& info);  // restore.cpp
  void for_each_lone_mapping(Instant now,
                             const std::function<void(const SessionInfo&)>& visit) const;

  // requests.cpp: what hosts ask for themselves
  std::expected<RequestedMapping, ExplicitRefusal> map(Instant now, const MapRequest& request);
  bool unmap(Instant now, Protocol protocol, Endpoint inside);
  std::expected<RequestedPeer, ExplicitRefusal> peer(Instant now, const PeerRequest& request);
  RequestedMapping requested(const Mapping& mapping) const;
  std::optional<IpAddress> external_of(IpAddress inside) const;
  Instant idle_until(Protocol protocol, Endpoint inside) const;

  const Config& config() const { return config_; }
  const Counters& counters() const { return counters_; }
  const Bindings& bindings() const { return bindings_; }
  Bindings& bindings() { return bindings_; }

 private:
  using Counter = std::uint64_t Counters::*;
  /// Where a packet goes, or what happens to it instead: counted, answered and held already.
  using Routed = std::expected<Route, Action>;

  // known_flow.cpp: the short way of most packets; empty or false if a packet has to go the long
  // one
  bool has_plain_flows() const;
  MutableBytes known_flow(Side from, MutableBytes bytes);
  bool known_outbound(PlainPacket packet);
  bool known_inbound(PlainPacket packet);
  void refresh_plain(SessionRef session, Side from, PlainPacket packet);

  // lone_mappings.cpp: UDP without sessions, for_each_lone_mapping() too
  Routed route_by_mapping(const Ipv4Packet& packet, const Flow& flow);
  void refresh_mapping(MappingRef mapping, Side from);
  bool known_outbound_by_mapping(PlainPacket packet);
  bool known_inbound_by_mapping(PlainPacket packet);

  // receive.cpp: which procedure a packet is for
  Verdict from_inside(const Ipv4Packet& packet);
  Verdict from_outside(const Ipv4Packet& packet);
  Verdict translate(const Ipv4Packet& packet, Side from);
  Verdict forward_untranslated(const Ipv4Packet& packet, Side from, Side out);
  std::optional<Counter> problem_with_header(const Ipv4Packet& packet) const;
  bool is_for_self(const Ipv4Packet& packet) const;
  bool is_external(std::uint32_t address) const;
  bool is_own(std::uint32_t address) const;
  Routed route(const Ipv4Packet& packet, Side from);
  bool passes(const Ipv4Packet& packet) const;

  // outbound.cpp
  Routed route_outbound(const Ipv4Packet& packet, const Flow& flow);
  SessionRef open_session(const Ipv4Packet& packet, const Flow& flow);
  void refuse(const Ipv4Packet& packet, const Flow& flow, Refusal refusal);
  Routed route_without_session(const Ipv4Packet& packet, const Flow& flow);
  bool is_permitted(Protocol protocol, Endpoint remote) const;
  Route route_to_outside(const Flow& flow, Endpoint external, SessionId session) const;
  SessionId id_for_later(const Ipv4Packet& packet, SessionRef session) const;

  // inbound.cpp
  Routed route_inbound(const Ipv4Packet& packet, const Flow& flow);
  void accept_inbound(const Ipv4Packet& packet, const Flow& flow, const Admission& admission);
  void keep_mapping(const Flow& flow, const Admission& admission);
  std::optional<Admission> admitted(const Flow& flow);
  Counter reason_to_refuse(const Flow& flow);
  Action unsolicited(const Flow& flow, Side sender, Bytes packet, Counter reason);

  // hairpin.cpp
  Routed route_hairpin(const Ipv4Packet& packet, const Flow& flow, Endpoint external,
                       Bytes as_sent);

  // static_routes.cpp
  std::optional<Route> static_route(const Ipv4Packet& packet, Side from) const;
  Verdict translate_statically(const Ipv4Packet& packet, Side from, const Route& route);
  Routed route_from_static(const Ipv4Packet& packet, const Flow& flow, std::uint32_t external);

  // alg.cpp
  using TcpOffsets = std::array<SequenceOffset, 2>;  ///< by the side that sends
  std::optional<Verdict> apply_alg(const Ipv4Packet& packet, Side from, const Route& route);
  std::optional<Verdict> ftp(const Ipv4Packet& packet, Side from, const Route& route,
                             const Session& session);
  std::optional<std::string> ftp_text(const TcpView& segment, const Session& session);
  std::optional<Endpoint> expect(Protocol protocol, Endpoint inside, std::uint32_t remote);
  bool make_room_for_offsets();
  std::optional<Verdict> sip(const Ipv4Packet& packet, Side from, const Route& route,
                             const Session& session);
  Verdict send_rewritten(const Ipv4Packet& packet, const Route& route);

  // esp.cpp
  Routed route_esp(const Ipv4Packet& packet, Side from);
  Routed esp_outbound(const Ipv4Packet& packet, std::uint32_t index);
  Routed esp_inbound(const Ipv4Packet& packet, std::uint32_t index);

  // filter.cpp
  bool passes_filter(const Mapping& mapping, Endpoint remote) const;

  // session_timers.cpp
  void refresh(SessionRef session, Side from, const Flow& flow);
  void refresh_datagrams(SessionRef session, Side from);
  bool refreshes(Side from) const;
  Duration idle_timeout(Protocol protocol, Endpoint remote) const;
  Duration tcp_timeout(TcpState state) const;
  void refresh_tcp(SessionRef session, Side from, const TcpView& segment);
  void refresh_connection(SessionRef session, Side from, ConnectionStep step);
  static void count_traffic(Session& session, Side from, const Ipv4Packet& packet);

  // fragments.cpp
  Verdict first_fragment(const Ipv4Packet& packet, Side from);
  std::uint16_t identification_for(const Ipv4Packet& first, Side from);
  Verdict later_fragment(const Ipv4Packet& packet, Side from);
  Verdict follow(const Ipv4Packet& packet, Side from, const Route& route);
  void release(std::vector<ByteVector> held, Side from, const std::optional<Route>& route);

  // icmp_errors.cpp
  Verdict icmp_error(const Ipv4Packet& packet, Side from);
  Verdict icmp_error_from_outside(const Ipv4Packet& packet, const Ipv4Packet& quoted,
                                  const Flow& flow);
  Verdict icmp_error_from_inside(const Ipv4Packet& packet, const Ipv4Packet& quoted,
                                 const Flow& flow);
  Verdict hairpin_icmp_error(const Ipv4Packet& packet, const Ipv4Packet& quoted, const Flow& flow,
                             Endpoint owner);
  std::uint32_t outer_source(const Ipv4Packet& error, Endpoint external) const;
  std::optional<Endpoint> external_of(Protocol protocol, Endpoint inside, Endpoint remote) const;
  Verdict deliver_icmp_error(const Ipv4Packet& packet, Side out);

  // tcp_probe.cpp
  void probe_doubted();

  // local.cpp: what is for the NAT itself, and what it says for itself
  Verdict to_self(const Ipv4Packet& packet, Side from);
  void send_error(Side toward, std::uint32_t about_destination, IcmpErrorKind kind, Bytes packet);
  void send_reset(const Flow& syn, Side toward);
  void answer_held_syns();

  // delivery.cpp
  bool can_go_out(const Ipv4Packet& packet, Side from, Side out);
  Verdict deliver(const Ipv4Packet& packet, Side out);
  Verdict send_fitting(const Ipv4Packet& packet, Side out);
  Verdict drop(Counter reason);
  static Verdict send(Side out, MutableBytes packet);
  void push_command(Side out, ByteVector packet);
  std::size_t mtu(Side out) const;

  // nat.cpp
  void advance(Instant now);
  void rebind();
  void push_event(Event&& event);
  void list_external();

  FragmentTracker& fragments(Side from) { return fragments_[static_cast<std::size_t>(from)]; }

  Config config_;
  Counters counters_;
  Instant now_{};
  Instant rebind_at_ = never;
  AddressSet external_;               ///< those of static_ included
  std::uint32_t first_external_ = 0;  ///< the last one that was, while there is none
  std::uint32_t inside_address_ = 0;
  Ipv4Networks inside_networks_;
  Ipv4Networks no_nat_;
  std::array<Instant, refusal_count> refusal_told_after_{};
  std::uint16_t next_identification_ = 0;
  bool is_late_ = true;  ///< more is due than was done, or nothing has begun
  StaticAddresses static_;
  Bindings bindings_;
  EspPassthrough esp_;
  std::map<std::pair<Endpoint, Endpoint>, TcpOffsets> tcp_offsets_;  ///< by inside and remote
  HeldSyns held_syns_;
  FragmentTracker fragments_[2];
  IcmpErrorMaker icmp_errors_;
  std::deque<Command> commands_;
  std::deque<Event> events_;
};

}  // namespace stile::nat
