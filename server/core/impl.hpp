#pragma once

#include <deque>
#include <unordered_map>

#include "server/core/alarms.hpp"
#include "server/core/client_gate.hpp"
#include "server/core/opening.hpp"
#include "server/core/peer_connection.hpp"
#include "server/core/peer_gate.hpp"
#include "server/core/rate_limit.hpp"
#include "server/core/response.hpp"

namespace stile::relay {

/// The relay's state, and one function for each procedure of the RFCs; each stands in the file of
/// its name.
struct Relay::Impl {
  Impl(std::shared_ptr<const Config> shared_config, Random& random_source,
       std::shared_ptr<Resources> shared_resources, CoreNumber number);

  // relay.cpp
  Outcome handle_client_datagram(Instant at, UnixSeconds wall, const FiveTuple& five_tuple,
                                 MutableBytes datagram, std::uint8_t traffic_class);
  Outcome handle_request(UnixSeconds wall, const FiveTuple& five_tuple,
                         const stun::MessageView& message);
  Outcome handle_turn_request(Request& request);
  /// Fills in what credentials say of it, or says what is wrong with them.
  std::expected<void, Authentication::Refused> authenticate(Request& request);
  /// The allocation that it is about, whoever asks.
  const Allocation* subject_of(const Request& request) const;
  /// Clamps time that goes backwards, and ends what has expired.
  void advance(Instant at);

  // reconfiguration.cpp
  void reconfigure(std::shared_ptr<const Config> fresh);
  void end_denied_clients();
  void revoke_denied_peers(Allocation& allocation);
  void revoke(PeerConnectionId id);

  // binding.cpp
  Outcome binding(const Request& request);
  Outcome behavior_discovery(const Request& request);
  bool discovers_from(const FiveTuple& five_tuple) const;

  // classic_binding.cpp
  Outcome classic_datagram(const FiveTuple& five_tuple, Bytes datagram);
  Outcome classic_refusal(const Asked& asked, std::uint32_t cookie, stun::ErrorNumber number,
                          std::span<const stun::AttributeType> unknown);
  Outcome classic_answer(const Asked& asked, std::uint32_t cookie, Response& response);

  // answers.cpp
  Response success(const Request& request) {
    return {response_buffer, request.asked, stun::Class::success_response};
  }
  Outcome send(const Request& request, Response& response);
  Outcome refuse(const Request& request, stun::ErrorNumber number);
  /// The same for a request that could not be answered at once.
  void refuse_later(const Asked& asked, stun::ErrorNumber number);
  Outcome refuse_unknown(const Request& request, std::span<const stun::AttributeType> unknown);
  Outcome challenge(const Request& request, const Authentication::Refused& refused);
  void count_unauthenticated(const FiveTuple& from, bool had_credentials);
  /// Whether so many have been wrong that its credentials are not looked at.
  bool is_guessing(const Request& request) const;
  Outcome leave_untried(const Request& request);
  /// Whether an answer to an unauthenticated request may be sent now.
  bool may_answer(const Asked& asked);
  void count_refusal(stun::ErrorNumber number);

  // allocate.cpp
  Outcome allocate(const Request& request);
  Outcome repeat_allocate(const Request& request, const Allocation& allocation);
  Outcome claim_reservation(const Request& request, AllocateWish wish);
  std::expected<AllocateWish, stun::ErrorNumber> read_wish(const Request& request) const;
  Duration granted_lifetime(const Request& request) const;
  Bytes allocate_success(const Asked& asked, const Allocation& allocation);

  // redirection.cpp
  Outcome turn_away(const Request& request, stun::ErrorNumber number);
  Bytes try_alternate(const Asked& asked);

  // opening.cpp
  void start_opening(const Request& request, const AllocateWish& wish);
  void handle_relay_socket_opened(RelaySocketId socket, bool opened);
  void open_next();
  bool ask_for_socket(Opening::Purpose purpose);
  void ask_for_port(Opening::Purpose purpose, Family family, std::uint16_t port);
  void socket_failed();
  void cancel_socket(RelaySocketId socket);
  void finish_opening();
  void abandon_opening();
  void refuse_opening(stun::ErrorNumber number);

  // allocations.cpp: the only functions that add to the tables and take out of them
  AllocationId add_allocation(const Asked& asked, std::string_view user);
  void add_relayed(AllocationId id, RelaySocketId socket, Duration lifetime);
  void remove_relayed(Allocation& allocation, Family family);
  /// Takes out the permissions and the channels of which `matches` says so.
  template <class Matches>
  void drop_parts(Allocation& allocation, const Matches& matches);
  void remove_allocation(AllocationId id, EndReason reason);
  void close_socket(RelaySocketId socket, std::string_view user);
  void forget_client(AllocationId id, const FiveTuple& five_tuple);
  void bind_flow(const Allocation& allocation, const ChannelBinding& binding);
  void unbind_flow(const Allocation& allocation, const ChannelBinding& binding);
  void expire(AllocationId id);
  Allocation* find(const FiveTuple& five_tuple);
  /// The allocation of an authenticated request, or why there is none for this user (RFC 8656 §5).
  std::expected<AllocationId, stun::ErrorNumber> allocation_of(const Request& request) const;

  // refresh.cpp, permissions.cpp, channel_bind.cpp
  Outcome refresh(const Request& request);
  Outcome create_permission(const Request& request);
  bool has_room_for(Allocation& allocation, std::vector<IpAddress> peers) const;
  void permit(AllocationId id, const IpAddress& peer);
  Outcome channel_bind(const Request& request);
  bool may_be_bound(stun::ChannelNumber number) const;
  void bind_channel(AllocationId id, stun::ChannelNumber number, const TransportAddress& peer);

  // mobility.cpp
  std::optional<stun::ErrorNumber> objection_to_mobility(const Request& request,
                                                         RelayProtocol protocol) const;
  void make_mobile(AllocationId id);
  void draw_ticket(AllocationId id);
  void add_ticket(Response& response, const Allocation& allocation) const;
  std::optional<AllocationId> named_by_ticket(const Request& request) const;
  bool is_repeated_move(const Request& request, const Allocation& allocation) const;
  std::expected<AllocationId, stun::ErrorNumber> allocation_to_move(const Request& request) const;
  bool announce_move(AllocationId id, const Request& request);
  void data_has_come(const FiveTuple& from, const Allocation& allocation);
  void end_move(AllocationId id);
  void lose_connection(AllocationId id, const FiveTuple& five_tuple);

  // other_cores.cpp
  std::optional<std::uint32_t> other_core(const FiveTuple& five_tuple,
                                          const stun::MessageView& message) const;
  std::optional<std::uint32_t> core_of_ticket(const stun::MessageView& message) const;
  std::optional<std::uint32_t> core_of_connection(const stun::MessageView& message) const;

  // flow_traffic.cpp
  void flow_traffic(const FiveTuple& five_tuple, RelaySocketId socket, const Traffic& to_peer,
                    const Traffic& from_peer);
  Allocation* owner_of_flow(const FiveTuple& five_tuple, RelaySocketId socket);

  // bandwidth.cpp
  /// Counts a datagram that is to be relayed; false if there is no bandwidth for it.
  bool admit_datagram(Allocation& allocation, Direction direction, std::size_t bytes);
  void spend(Allocation& allocation, Direction direction, std::size_t bytes);
  /// When there is bandwidth again, if there is none; else a time past.
  Instant room_from(Allocation& allocation, Direction direction);
  template <class Visit>
  void for_each_bandwidth(Allocation& allocation, Direction direction, Visit&& visit);

  // client_data.cpp
  Outcome channel_data(const FiveTuple& five_tuple, Bytes datagram, std::uint8_t traffic_class);
  Outcome send_indication(const FiveTuple& five_tuple, const stun::MessageView& message,
                          std::uint8_t traffic_class);
  Outcome to_peer(Allocation& allocation, const TransportAddress& peer, Bytes data,
                  IpFields fields);

  // tcp_allocation.cpp, connect.cpp, connection_attempt.cpp, connection_bind.cpp
  std::optional<stun::ErrorNumber> objection_to_tcp(const Request& request) const;
  Outcome connect(const Request& request);
  bool may_connect(const Allocation& allocation, const TransportAddress& peer) const;
  void peer_connected(PeerConnectionId id, bool connected);
  void connect_failed(PeerConnectionId id);
  std::optional<PeerConnectionId> peer_accepted(RelaySocketId socket, const TransportAddress& peer);
  void tell_attempt(const Allocation& allocation, const PeerConnection& connection);
  Outcome connection_bind(const Request& request);
  std::optional<PeerConnectionId> pending_connection(const stun::MessageView& message) const;

  // peer_connections.cpp: the only functions that add to their tables and take out of them
  /// Nothing if the allocation, its user or the server has its share of connections already.
  std::optional<PeerConnectionId> add_peer_connection(AllocationId owner,
                                                      const TransportAddress& peer);
  void remove_peer_connection(PeerConnectionId id);
  void remove_peer_connections(const Allocation& allocation, Family family);
  void await_bind(PeerConnectionId id);
  std::uint32_t next_connection_id();
  PeerConnection* connection_with(const Allocation& allocation, const TransportAddress& peer);
  void expire(PeerConnectionId id);
  void peer_closed(PeerConnectionId id);
  ReadAgain peer_data(PeerConnectionId id, std::size_t to_peer, std::size_t from_peer);

  // peer_data.cpp
  Outcome peer_datagram(RelaySocketId socket, const TransportAddress& peer, MutableBytes datagram,
                        std::uint8_t traffic_class);
  Outcome peer_icmp(RelaySocketId socket, const TransportAddress& peer, const stun::Icmp& icmp);
  Allocation* owner_of(RelaySocketId socket);
  Bytes data_indication(const TransportAddress& peer, MutableBytes datagram);
  /// Unlike any other of this relay; no response will be matched with it, so it need not cost a
  /// random number.
  std::array<std::uint8_t, 12> next_transaction_id();

  static std::optional<Family> family_of_wire(std::uint8_t family);
  TransportAddress external(const TransportAddress& local) const;
  std::optional<IpAddress> relay_address(Family family) const;

  std::shared_ptr<const Config> config;
  Random& random;
  std::shared_ptr<Resources> resources;
  Authentication authentication;
  ClientGate clients;
  PeerGate gate;
  RateLimiter unauthenticated;
  RateLimiter guesses;
  TicketOffice tickets;

  SlotMap<Allocation> allocations;
  std::unordered_map<FiveTuple, AllocationId> by_five_tuple;  ///< a client on the move has two
  std::unordered_map<FiveTuple, std::uint32_t>
      elsewhere;  ///< clients whose allocation another core has
  SlotMap<RelaySocket> sockets;
  std::optional<Opening> opening;
  Alarms<AllocationId> alarms;

  CoreNumber core;
  SlotMap<PeerConnection> peer_connections;
  std::unordered_map<std::uint32_t, PeerConnectionId> by_connection_id;
  Alarms<PeerConnectionId> peer_alarms;

  bool is_draining = false;
  Instant now{};
  Counters counters;
  std::deque<Command> commands;
  std::deque<Event> events;
  std::array<std::uint8_t, largest_response> response_buffer{};
  std::array<std::uint8_t, 12> indication_seed{};
  std::uint64_t indications_sent = 0;
  ByteVector indication_buffer;  ///< for a Data indication that the headroom cannot take
};

template <class Matches>
void Relay::Impl::drop_parts(Allocation& allocation, const Matches& matches) {
  for (const ChannelBinding& binding : allocation.channels)
    if (matches(binding)) unbind_flow(allocation, binding);
  std::erase_if(allocation.channels, matches);
  std::erase_if(allocation.permissions, matches);
}

}  // namespace stile::relay
