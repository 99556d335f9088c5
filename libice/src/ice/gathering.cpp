#include <algorithm>

#include "ice/impl.hpp"

namespace stile::ice {

namespace {

/// RFC 8421 §4: the families take turns, IPv6 first, so that neither starves behind the other.
std::vector<IpAddress> interleaved(std::span<const IpAddress> addresses, bool ipv4, bool ipv6) {
  std::vector<IpAddress> v4;
  std::vector<IpAddress> v6;
  for (const IpAddress& address : addresses) {
    if (address.is_unspecified() || address.is_multicast()) continue;
    if (address.is_v4() && ipv4) v4.push_back(address);
    if (address.is_v6() && ipv6) v6.push_back(address);
  }
  std::vector<IpAddress> all;
  for (std::size_t i = 0; i < std::max(v4.size(), v6.size()); ++i) {
    if (i < v6.size()) all.push_back(v6[i]);
    if (i < v4.size()) all.push_back(v4[i]);
  }
  return all;
}

ByteVector binding_request(const stun::TransactionId& id) {
  ByteVector buffer(64);
  stun::MessageBuilder builder(buffer, stun::Class::request, stun::Method::binding, id);
  builder.add_fingerprint();
  return copy_of(builder.finish());
}

}  // namespace

void Agent::Impl::gather(Instant now, std::span<const IpAddress> addresses) {
  if (!config.trickle) gathering_ends = now + config.gathering_patience;
  if (state == State::idle) set_state(State::gathering);
  const auto usable = usable_of(addresses);
  for (Socket& socket : sockets) {
    socket.newcomer = false;
    socket.forsaken = socket.kind != Socket::Kind::server_connection &&
                      socket.kind != Socket::Kind::tcp_connection &&
                      std::ranges::find(usable, socket.local.ip) == usable.end();
  }
  close_forsaken_sockets(now);
  for (std::size_t i = 0; i < sockets.size(); ++i)
    if (sockets[i].status == Socket::Status::open && !sockets[i].forsaken) use_again(now, i);
  open_sockets(usable);
  open_tcp_sockets(now, usable);
  connect_to_servers();
  finish_gathering_if_done(now);
}

std::vector<IpAddress> Agent::Impl::usable_of(std::span<const IpAddress> addresses) const {
  auto usable = interleaved(addresses, config.ipv4, config.ipv6);
  if (usable.size() > max_local_addresses) usable.resize(max_local_addresses);
  return usable;
}

// RFC 8445 §5.1.1.1: a socket for each address and component; no two addresses have the same
// preference. Those that are open stay so.
void Agent::Impl::open_sockets(std::span<const IpAddress> usable) {
  if (!config.udp) return;
  for (std::size_t i = 0; i < usable.size(); ++i) {
    for (std::size_t at = 0; at < components.size(); ++at) {
      const auto known = std::ranges::find_if(sockets, [&](const Socket& socket) {
        return socket.status != Socket::Status::closed && socket.transport == Transport::udp &&
               socket.local.ip == usable[i] && socket.component == component_at(at);
      });
      if (known != sockets.end()) continue;
      Socket& added =
          add_socket(component_at(at), {usable[i], 0}, free_preference(component_at(at), i));
      added.newcomer = gathering_done;
      commands.push_back(OpenSocket{added.id, added.local, config.ports});
    }
  }
}

/// That of the address's place in order, or the next one that no other socket has.
std::uint16_t Agent::Impl::free_preference(ComponentId component, std::size_t rank) const {
  const auto at = [](std::size_t nth) { return static_cast<std::uint16_t>(65535 - (nth << 8)); };
  const auto taken = [&](const Socket& socket) {
    return socket.status != Socket::Status::closed && socket.transport == Transport::udp &&
           socket.component == component && socket.preference == at(rank);
  };
  while (rank < max_local_addresses && std::ranges::any_of(sockets, taken)) ++rank;
  return at(rank);
}

/// A restart tells again of what there is (RFC 8445 §9). Reflexive addresses are asked for anew:
/// the NAT may have forgotten them.
void Agent::Impl::use_again(Instant now, std::size_t index) {
  const Socket::Kind kind = sockets[index].kind;
  if (kind == Socket::Kind::udp) add_host_candidate(now, index);
  if (kind == Socket::Kind::tcp_active || kind == Socket::Kind::tcp_listener)
    add_tcp_candidate(now, index);
  for (std::size_t i = 0; i < relays.size(); ++i)
    if (const auto relayed = relays[i]->client.relayed(); relayed && relays[i]->socket == index)
      add_relayed_candidate(now, i, *relayed);
  ask_servers(index, {});
  if (kind == Socket::Kind::udp) map_port(now, index);
}

void Agent::Impl::add_host_candidate(Instant now, std::size_t socket) {
  if (const auto candidate =
          add_local_candidate(CandidateType::host, sockets[socket].local, {socket, {}}, 0))
    pair_local(now, *candidate);
  if (next_keepalive == never) next_keepalive = now + config.keepalive;
}

void Agent::Impl::socket_opened(Instant now, SocketId id,
                                std::expected<TransportAddress, std::string> opened) {
  const auto found = std::ranges::find(sockets, id, &Socket::id);
  if (found == sockets.end() || found->status != Socket::Status::opening) return;
  const auto index = static_cast<std::size_t>(found - sockets.begin());
  if (found->kind == Socket::Kind::server_connection)
    return connection_opened(now, index, std::move(opened));
  if (found->kind == Socket::Kind::tcp_connection)
    return peer_connection_opened(now, index, std::move(opened));
  if (found->kind == Socket::Kind::stun_connection)
    return stun_connection_opened(now, index, std::move(opened));
  if (!opened) {
    found->status = Socket::Status::closed;
    socket_problem = opened.error();
    finish_gathering_if_done(now);
    return;
  }
  found->status = Socket::Status::open;
  found->local = *opened;
  if (found->sprays) return sprayed_socket_opened(now, index);
  if (found->kind == Socket::Kind::tcp_listener) {
    add_tcp_candidate(now, index);
    ask_servers(index, {});
    return finish_gathering_if_done(now);
  }
  add_host_candidate(now, index);
  ask_servers(index, {});
  map_port(now, index);
  finish_gathering_if_done(now);
}

void Agent::Impl::ask_servers(std::size_t socket, const ServerCounts& from) {
  if (config.lite) return;  // RFC 8445 §5.2
  if (sockets[socket].kind == Socket::Kind::tcp_listener) return ask_servers_over_tcp(socket, from);
  if (sockets[socket].kind != Socket::Kind::udp) return;
  const Family family = sockets[socket].local.family();
  for (std::size_t i = from.turn; i < turn_servers.size(); ++i)
    if (turn_servers[i].transport == Transport::udp && turn_servers[i].address.family() == family)
      servers_to_ask.emplace_back(socket, number_of_turn(i));
  if (config.policy == Policy::relay) return;
  for (std::size_t i = from.stun; i < stun_servers.size(); ++i) {
    // An Allocate to the same server shows the reflexive address, too (RFC 8445 §5.1.1.2).
    const TransportAddress& server = stun_servers[i];
    const bool relays_too = std::ranges::any_of(turn_servers, [&](const TurnServer& other) {
      return other.address == server && other.transport == Transport::udp;
    });
    if (server.family() == family && !relays_too)
      servers_to_ask.emplace_back(socket, number_of_stun(i));
  }
}

bool Agent::Impl::start_next_server(Instant now) {
  if (servers_to_ask.empty()) return false;
  const auto [socket, server] = servers_to_ask.front();
  servers_to_ask.erase(servers_to_ask.begin());
  if (sockets[socket].kind == Socket::Kind::tcp_listener) {
    ask_over_tcp(now, socket, server);
    return true;
  }
  const TransportAddress address = server_address(server);
  const auto relay = relay_at(socket, address);
  if (is_turn_number(server) && relay && relays[*relay]->client.is_pending()) {
    relays[*relay]->settled =
        false;  // asked before a restart; a second request would be refused (437)
    return true;
  }
  // Who relays for us since before a restart is asked as a STUN server.
  if (is_turn_number(server) && !(relay && relays[*relay]->client.is_allocated())) {
    start_relay(now, socket, index_of_server(server));
    return true;
  }
  ask_for_mapping(now, socket, server + 1, address);
  return true;
}

void Agent::Impl::ask_for_mapping(Instant now, std::size_t socket, std::size_t number,
                                  const TransportAddress& server) {
  const auto id = stun::TransactionId::make(random);
  ByteVector bytes = binding_request(id);
  send({socket, {}}, server, bytes);
  stun::RetransmissionPolicy retransmission = stun::evenly_spaced(config.rto);
  retransmission.reliable = is_stream(sockets[socket].transport);
  server_checks.push_back(
      {socket, number, server, id, std::move(bytes), stun::TransactionTimer(now, retransmission)});
}

void Agent::Impl::retransmit_server_checks(Instant now) {
  for (std::size_t i = 0; i < server_checks.size();) {
    ServerCheck& check = server_checks[i];
    const auto action = check.timer.on_timeout(now);
    if (action == stun::TransactionTimer::Action::retransmit)
      send({check.socket, {}}, check.server, check.bytes);
    if (action != stun::TransactionTimer::Action::timed_out) {
      ++i;
      continue;
    }
    const ServerCheck failed = std::move(check);
    server_checks.erase(server_checks.begin() + static_cast<std::ptrdiff_t>(i));
    fail_server_check(failed, std::string(no_answer));
  }
  finish_gathering_if_done(now);
}

bool Agent::Impl::take_server_response(Instant now, std::size_t socket,
                                       const TransportAddress& from,
                                       const stun::MessageView& message) {
  const auto found = std::ranges::find(server_checks, message.transaction_id(), &ServerCheck::id);
  if (found == server_checks.end() || found->socket != socket || found->server != from)
    return false;
  const ServerCheck check = std::move(*found);
  if (check.timer.sent_count() > 1) ++late_answers;
  server_checks.erase(found);
  const auto mapped = message.get<stun::XorMappedAddress>();
  const bool usable = mapped && mapped->address.port != 0 &&
                      mapped->address.family() == sockets[socket].local.family();
  const bool over_udp = sockets[socket].kind == Socket::Kind::udp;
  if (message.message_class() != stun::Class::success_response || !usable) {
    fail_server_check(check, "answers a Binding request with an error");
  } else {
    const Base base{over_udp ? socket : sockets[socket].owner, {}};
    add_local_candidate(CandidateType::server_reflexive, mapped->address, base, check.number);
    if (over_udp) measure_nat(socket, check.server, mapped->address);
    const auto other = message.get<stun::OtherAddress>();
    if (over_udp && other && config.hard_nats)
      ask_as_well(now, socket, check.number, other->address);
    servers_heard.insert(check.server);
  }
  finish_gathering_if_done(now);
  return true;
}

/// RFC 5780 §7.4: the server's other address sees what the NAT makes of another destination.
void Agent::Impl::ask_as_well(Instant now, std::size_t socket, std::size_t number,
                              const TransportAddress& address) {
  const bool seen = std::ranges::find(sockets[socket].seen_as, address, &SeenAs::by) !=
                    sockets[socket].seen_as.end();
  if (seen || sockets[socket].seen_as.size() > 1 ||
      address.family() != sockets[socket].local.family() || address.port == 0)
    return;
  ask_for_mapping(now, socket, number, address);
}

void Agent::Impl::finish_gathering_if_done(Instant now) {
  await_stragglers(now);
  if (gathering_done || more_servers || !servers_to_ask.empty() || !server_checks.empty()) return;
  const bool opening = std::ranges::any_of(sockets, [](const Socket& socket) {
    return socket.status == Socket::Status::opening && socket.kind != Socket::Kind::tcp_connection;
  });
  const bool mapping =
      std::ranges::any_of(port_mappings, [](const auto& each) { return !each->settled; });
  if (opening || awaits_relays() || mapping || state == State::idle) return;
  finish_gathering(now);
}

/// RFC 8838 §13: what a server answers from now on is too late to be told to the peer, and so of no
/// use.
void Agent::Impl::finish_gathering(Instant now) {
  if (gathering_done) return;
  gathering_done = true;
  gathering_ends = never;
  servers_to_ask.clear();
  for (const ServerCheck& check : std::exchange(server_checks, {}))
    if (sockets[check.socket].kind == Socket::Kind::stun_connection)
      close_socket(sockets[check.socket]);
  for (const auto& relay : relays) relay->settled = true;
  for (Socket& socket : sockets) {
    const bool to_server = socket.kind == Socket::Kind::server_connection ||
                           socket.kind == Socket::Kind::stun_connection;
    if (to_server && socket.status == Socket::Status::opening) close_socket(socket);
  }
  if (!goes_on_telling()) events.push_back(GatheringDone{});
  // Deviation: RFC 8863 §4: without a candidate of our own no check can leave or be answered;
  // nothing is worth waiting for.
  const auto is_of_use = [this](const LocalCandidate& ours) {
    return ours.announced || config.policy == Policy::no_host;
  };
  if (!goes_on_telling() && std::ranges::none_of(locals, is_of_use)) {
    const bool has_socket = std::ranges::any_of(
        sockets, [](const Socket& socket) { return socket.status == Socket::Status::open; });
    const bool is_known = !has_socket && !socket_problem.empty();
    return set_state(State::failed,
                     "no candidate of our own" + (is_known ? ": " + socket_problem : ""));
  }
  if (config.lite) conclude_between_lites(now);
}

/// From when a server has answered, and a relay is there or none is to come.
void Agent::Impl::await_stragglers(Instant now) {
  if (servers_heard.empty() || gathering_ends == never) return;
  const bool allocated =
      std::ranges::any_of(relays, [](const auto& relay) { return relay->client.is_allocated(); });
  if (allocated || !awaits_relays())
    gathering_ends = std::min(gathering_ends, now + config.straggler_patience);
}

bool Agent::Impl::awaits_relays() const {
  const bool connecting = std::ranges::any_of(sockets, [](const Socket& socket) {
    return socket.kind == Socket::Kind::server_connection &&
           socket.status == Socket::Status::opening;
  });
  const bool to_be_asked = std::ranges::any_of(servers_to_ask, [&](const auto& each) {
    return is_turn_number(each.second) && sockets[each.first].kind != Socket::Kind::tcp_listener;
  });
  return connecting || to_be_asked ||
         std::ranges::any_of(relays, [](const auto& relay) { return !relay->settled; });
}

/// Each server is told of once. One that answers some of the sockets is none that does not answer.
void Agent::Impl::server_failed(const TransportAddress& server, std::string reason) {
  if (reason == no_answer && servers_heard.contains(server)) return;
  if (servers_failed.insert(server).second)
    events.push_back(ServerFailed{server, std::move(reason)});
}

/// Most STUN servers answer over UDP alone, so one that does not over TCP has not failed.
void Agent::Impl::fail_server_check(const ServerCheck& check, std::string reason) {
  if (sockets[check.socket].kind == Socket::Kind::stun_connection)
    close_socket(sockets[check.socket]);
  else
    server_failed(check.server, std::move(reason));
}

void Agent::Impl::give_up_slow_servers(Instant now) {
  if (now < gathering_ends) return;
  for (const ServerCheck& check : std::exchange(server_checks, {}))
    fail_server_check(check, std::string(no_answer));
  for (const auto& relay : relays)
    if (!relay->settled) server_failed(relay->client.server(), std::string(no_answer));
  for (const auto& each : port_mappings)
    if (!each->settled) server_failed(each->mapping.config().router, std::string(no_answer));
  finish_gathering(now);
}

// RFC 8445 §11: until pairs are selected the NATs' mappings towards the STUN servers are kept open.
// TURN clients and consent checks keep theirs by themselves.
void Agent::Impl::keep_mappings_alive(Instant now) {
  if (now < next_keepalive) return;
  const bool over = state == State::completed || state == State::failed;
  next_keepalive = over ? never : now + config.keepalive;
  if (over || config.policy == Policy::relay) return;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    if (sockets[i].status != Socket::Status::open || sockets[i].sprays) continue;
    // RFC 6544 §4.1: nor may the server close the connection for our silence.
    if (sockets[i].kind == Socket::Kind::stun_connection)
      send_keepalive({i, {}}, server_address(sockets[i].server));
    if (sockets[i].kind != Socket::Kind::udp) continue;
    for (const TransportAddress& server : stun_servers)
      if (server.family() == sockets[i].local.family()) send_keepalive({i, {}}, server);
  }
}

void Agent::Impl::send_keepalive(const Base& base, const TransportAddress& to) {
  ByteVector buffer(64);
  stun::MessageBuilder builder(buffer, stun::Class::indication, stun::Method::binding,
                               stun::TransactionId::make(random));
  builder.add_fingerprint();
  send(base, to, builder.finish());
}

}  // namespace stile::ice
