#include "asio/session_impl.hpp"

#include <algorithm>
#include <boost/asio/ip/unicast.hpp>
#include <utility>

#include "asio/bind_within.hpp"
#include "asio/http_exchange.hpp"
#include "asio/peer_stream.hpp"
#include "stile/asio/endpoint.hpp"

namespace stile::ice {

namespace {
/// Limit: so that one busy socket does not keep the timer from its turn.
constexpr int datagrams_per_wake_up = 64;

/// RFC 8445 §14.2: of all sessions of the process.
Config with_shared_pacing(Config config) {
  static const auto pacing = std::make_shared<SharedPacing>();
  if (!config.shared_pacing) config.shared_pacing = pacing;
  return config;
}

using Hops = boost::asio::ip::unicast::hops;

const std::error_code canceled = std::make_error_code(std::errc::operation_canceled);
}  // namespace

Session::Impl::Impl(boost::asio::any_io_executor where, const Config& config, Callbacks what,
                    const TlsTrust& trust, const std::optional<Proxy>& proxy)
    : executor(std::move(where)),
      agent(with_shared_pacing(config), random),
      callbacks_(std::make_shared<Callbacks>(std::move(what))),
      timer_(executor),
      connector_(trust, proxy) {
  for (const TurnServer& server : config.turn_servers) connector_.prepare(server.transport);
}

void Session::Impl::use(std::shared_ptr<SharedPort::Impl> port) {
  shared_port_ = std::move(port);
  const auto weak = weak_from_this();
  owner_ = shared_port_->join(
      agent.local_credentials().ufrag,
      {.take =
           [weak](const IpAddress& at, const TransportAddress& from, MutableBytes datagram) {
             if (const auto self = weak.lock(); self && !self->closed_)
               self->take_shared(at, from, datagram);
           },
       .take_addresses =
           [weak](std::span<const IpAddress> addresses) {
             if (const auto self = weak.lock(); self && !self->closed_)
               self->take_local_addresses(addresses);
           }});
}

void Session::Impl::begin_again(const std::vector<IpAddress>& addresses) {
  candidates_.clear();
  gathered_ = false;
  resolver.emplace(executor, addresses);  // what was asked for belongs to a session that is over
  names_asked_for_ = 0;
  remotes_end_ = false;
}

void Session::Impl::drain() {
  if (draining_) return;  // a callback called the session: the outer loop takes what that made
  const auto alive = shared_from_this();
  draining_ = true;
  for (bool more = true; more;) {
    more = carry_out_commands();
    if (auto event = agent.poll_event()) {
      std::visit([&](const auto& each) { tell(each); }, *event);
      more = true;
    }
  }
  draining_ = false;
  if (!closed_) set_timer();
}

bool Session::Impl::carry_out_commands() {
  bool any = false;
  while (auto command = agent.poll_command()) {
    std::visit([&](const auto& each) { carry_out(each); }, *command);
    any = true;
  }
  return any;
}

void Session::Impl::carry_out(const OpenSocket& command) {
  if (shared_port_) {
    auto bound = shared_port_->open(owner_, command.local.ip);
    if (bound) shared_sockets_.emplace(command.id, command.local.ip);
    return agent.handle_socket_opened(instant_now(), command.id, std::move(bound));
  }
  boost::system::error_code error;
  const auto endpoint = to_asio(command.local);
  auto socket = std::make_unique<UdpSocket>(executor);
  socket->open(endpoint.protocol(), error);
  if (!error) bind_within(*socket, endpoint, command.ports, random, error);
  if (!error) socket->non_blocking(true, error);
  if (error)
    return agent.handle_socket_opened(instant_now(), command.id,
                                      std::unexpected(bind_problem(command.ports, error)));
  const TransportAddress bound = from_asio(socket->local_endpoint());
  if (watch_descriptor) watch_descriptor(socket->native_handle());
  input_.resize(datagram_headroom + longest_datagram + datagram_tailroom);
  sockets_.emplace(command.id, std::move(socket));
  await_datagram(command.id);
  agent.handle_socket_opened(instant_now(), command.id, bound);
}

Connection::Callbacks Session::Impl::callbacks_of(SocketId id, const TransportAddress& other_end) {
  Connection::Callbacks callbacks;
  const auto weak = weak_from_this();
  callbacks.on_connected = [weak, id](std::expected<TransportAddress, std::string> local) {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    if (!local) self->connections_.erase(id);
    self->agent.handle_socket_opened(instant_now(), id, std::move(local));
    self->drain();
  };
  callbacks.on_message = [weak, id, from = other_end](MutableBytes message) {
    if (const auto self = weak.lock(); self && !self->closed_)
      self->take_message(id, from, message);
  };
  callbacks.on_closed = [weak, id](const std::string& reason) {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    self->connections_.erase(id);
    self->agent.handle_disconnected(instant_now(), id, reason);
    self->drain();
  };
  return callbacks;
}

void Session::Impl::carry_out(const OpenConnection& command) {
  const bool from_listener = command.local.port != 0;
  add_connection(command.id,
                 connector_.make(executor, command.server, command.transport, command.host,
                                 callbacks_of(command.id, command.server),
                                 from_listener ? std::optional(command.local) : std::nullopt));
}

void Session::Impl::carry_out(const CarryFrames& command) {
  const auto connection = connections_.find(command.id);
  if (connection != connections_.end()) connection->second->carry_frames();
}

void Session::Impl::carry_out(const ConnectToPeer& command) {
  add_connection(command.id,
                 std::make_shared<PeerStream>(executor, command.local, command.remote,
                                              callbacks_of(command.id, command.remote)));
}

void Session::Impl::add_connection(SocketId id, std::shared_ptr<Connection> connection) {
  connection->on_descriptor = watch_descriptor;
  connections_.emplace(id, connection);
  connection->connect();
}

void Session::Impl::carry_out(const OpenListener& command) {
  const auto listener = std::make_shared<PeerListener>(
      executor, [weak = weak_from_this(), id = command.id](PeerListener::Tcp::socket socket,
                                                           const TransportAddress& from) {
        const auto self = weak.lock();
        if (!self || self->closed_) return;
        const auto connection = self->agent.handle_accepted(instant_now(), id, from);
        if (connection)
          self->add_connection(*connection,
                               std::make_shared<PeerStream>(std::move(socket),
                                                            self->callbacks_of(*connection, from)));
        self->drain();
      });
  const auto bound = listener->listen(command.local, command.ports, random);
  if (bound) {
    listeners_.emplace(command.id, listener);
    if (watch_descriptor) watch_descriptor(listener->descriptor());
  }
  agent.handle_socket_opened(instant_now(), command.id, bound);
}

void Session::Impl::carry_out(const CloseSocket& command) {
  sockets_.erase(command.id);
  if (const auto listener = listeners_.find(command.id); listener != listeners_.end()) {
    listener->second->close();
    listeners_.erase(listener);
  }
  if (const auto shared = shared_sockets_.find(command.id); shared != shared_sockets_.end()) {
    shared_port_->close(owner_, shared->second);
    shared_sockets_.erase(shared);
  }
  const auto connection = connections_.find(command.id);
  if (connection == connections_.end()) return;
  connection->second->close();
  connections_.erase(connection);
}

void Session::Impl::carry_out(const SendDatagram& command) {
  const auto socket = sockets_.find(command.from);
  if (!command.ttl || socket == sockets_.end())
    return transmit(command.from, command.to, command.bytes);
  boost::system::error_code ignored;
  Hops usual;
  socket->second->get_option(usual, ignored);
  socket->second->set_option(Hops(*command.ttl), ignored);
  transmit(command.from, command.to, command.bytes);
  socket->second->set_option(usual, ignored);
}

void Session::Impl::carry_out(const AskRouter& command) {
  ask_over_http(executor, command.local, command.request, watch_descriptor,
                [weak = weak_from_this(), id = command.id](const portmap::HttpOutcome& outcome) {
                  const auto self = weak.lock();
                  if (!self || self->closed_) return;
                  self->agent.handle_router_answer(instant_now(), id, outcome);
                  self->drain();
                });
}

/// A datagram that the kernel refuses is a datagram lost: checks are sent again, data is the
/// application's.
void Session::Impl::transmit(SocketId from, const TransportAddress& to, Bytes datagram) {
  if (const auto connection = connections_.find(from); connection != connections_.end())
    return connection->second->send(datagram);
  if (const auto shared = shared_sockets_.find(from); shared != shared_sockets_.end())
    return shared_port_->send(owner_, shared->second, to, datagram);
  const auto socket = sockets_.find(from);
  if (socket == sockets_.end()) return;
  boost::system::error_code ignored;
  socket->second->send_to(boost::asio::buffer(datagram.data(), datagram.size()), to_asio(to), 0,
                          ignored);
}

void Session::Impl::tell(const LocalCandidateFound& event) {
  if (const Candidate& own = event.candidate; !own.name.empty()) {
    if (!responder_) responder_.emplace(executor);
    responder_->on_descriptor = watch_descriptor;
    responder_->answer_for(own.name, own.address.ip);
  }
  candidates_.push_back(event.candidate);
  if (const auto held = callbacks_; held->on_candidate) held->on_candidate(event.candidate);
}

void Session::Impl::tell(const GatheringDone&) {
  gathered_ = true;
  if (const auto held = callbacks_; held->on_gathering_done) held->on_gathering_done();
  if (auto handler = std::exchange(gathered_handler_, {})) handler({}, candidates_);
}

void Session::Impl::tell(const StateChanged& event) {
  if (const auto held = callbacks_; held->on_state) held->on_state(event.state, event.reason);
  if (event.state == State::connected || event.state == State::completed)
    if (auto handler = std::exchange(connected_handler_, {})) handler({});
  if (event.state == State::failed) end_waiting(SessionErrc::failed);
}

void Session::Impl::tell(const PairSelected& event) {
  if (const auto held = callbacks_; held->on_selected) held->on_selected(event);
}

void Session::Impl::tell(const ServerFailed& event) {
  if (const auto held = callbacks_; held->on_server_failed) held->on_server_failed(event);
}

void Session::Impl::tell(const PathHealthChanged& event) {
  if (const auto held = callbacks_; held->on_path_health) held->on_path_health(event);
}

void Session::Impl::tell(const RestartNeeded& event) {
  if (const auto held = callbacks_; held->on_restart_needed) held->on_restart_needed(event);
}

void Session::Impl::await_datagram(SocketId id) {
  sockets_.at(id)->async_wait(UdpSocket::wait_read,
                              [self = shared_from_this(), id](boost::system::error_code error) {
                                if (!error && !self->closed_) self->read_datagrams(id);
                              });
}

void Session::Impl::read_datagrams(SocketId id) {
  const MutableBytes room = MutableBytes(input_).subspan(datagram_headroom, longest_datagram);
  for (int i = 0; i < datagrams_per_wake_up; ++i) {
    const auto socket = sockets_.find(id);
    if (socket == sockets_.end()) return;
    boost::asio::ip::udp::endpoint from;
    boost::system::error_code error;
    const std::size_t size =
        socket->second->receive_from(boost::asio::buffer(room.data(), room.size()), from, 0, error);
    if (error == boost::asio::error::would_block) break;
    if (error) continue;  // an ICMP error about an earlier datagram
    take_message(id, from_asio(from), room.first(size));
  }
  if (sockets_.contains(id)) await_datagram(id);
}

void Session::Impl::take_shared(const IpAddress& at, const TransportAddress& from,
                                MutableBytes datagram) {
  const auto socket =
      std::ranges::find(shared_sockets_, at, [](const auto& each) { return each.second; });
  if (socket != shared_sockets_.end()) take_message(socket->first, from, datagram);
}

void Session::Impl::take_message(SocketId id, const TransportAddress& from, MutableBytes message) {
  const auto received = agent.handle_datagram(instant_now(), id, from, message);
  if (received)
    take_data(received->component, received->data);
  else
    drain();
}

void Session::Impl::take_data(ComponentId component, Bytes data) {
  if (const auto held = callbacks_; held->on_data) return held->on_data(component, data);
  if (auto handler = std::exchange(received_handler_, {})) return handler({}, copy_of(data));
  if (unread_.size() >= max_unread) unread_.pop_front();
  unread_.push_back(copy_of(data));
}

std::error_code Session::Impl::send(Bytes data, ComponentId component) {
  output_.resize(datagram_headroom + data.size() + datagram_tailroom);
  std::ranges::copy(data, output_.begin() + datagram_headroom);
  const auto ready = agent.send(instant_now(), component,
                                MutableBytes(output_).subspan(datagram_headroom, data.size()));
  if (ready) {
    transmit(ready->from, ready->to, ready->datagram);
    if (!draining_) set_timer();
    return {};
  }
  switch (ready.error()) {
    case SendError::no_path:
      return SessionErrc::no_path;
    case SendError::no_consent:
      return SessionErrc::no_consent;
    case SendError::closed:
      return SessionErrc::closed;
  }
  return {};
}

void Session::Impl::set_timer() {
  const Instant wanted = agent.poll_timeout();
  if (wanted == timer_set_for_) return;
  timer_set_for_ = wanted;
  if (wanted == never) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(steady_time(wanted));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->closed_) return;
    self->timer_set_for_ = never;
    self->agent.handle_timeout(instant_now());
    self->drain();
  });
}

void Session::Impl::watch_network(const InterfaceFilter& filter) {
  if (closed_) return;
  if (shared_port_) return shared_port_->watch_network(owner_, filter);
  monitor.emplace(executor, [weak = weak_from_this(), filter] {
    if (const auto self = weak.lock(); self && !self->closed_)
      self->take_local_addresses(local_addresses(filter));
  });
  if (watch_descriptor && monitor->descriptor() >= 0) watch_descriptor(monitor->descriptor());
}

void Session::Impl::take_local_addresses(std::span<const IpAddress> addresses) {
  agent.handle_local_addresses(instant_now(), addresses);
  drain();
}

void Session::Impl::find_server(const turn::ServerUri& uri, const turn::Credentials& credentials) {
  if (closed_) return;
  if (!uri.relays && uri.transport() != Transport::udp)
    throw std::invalid_argument("'" + uri.text() + "': STUN is not asked over TLS");
  connector_.prepare(uri.transport());
  // NAPTR records may name these.
  if (uri.relays && !uri.transport_given)
    for (const Transport transport : {Transport::tls, Transport::dtls})
      connector_.prepare(transport);
  if (!finder) finder.emplace(executor);
  if (watch_descriptor) finder->watch_descriptors(watch_descriptor);
  ++servers_asked_for_;
  agent.expect_servers();
  finder->find(uri, [weak = weak_from_this(), uri, credentials](const auto& places) {
    if (const auto self = weak.lock(); self && !self->closed_)
      self->add_found(uri, credentials, places);
  });
}

void Session::Impl::add_found(const turn::ServerUri& uri, const turn::Credentials& credentials,
                              const std::vector<turn::ServerPlace>& places) {
  std::vector<TransportAddress> stun;
  std::vector<TurnServer> turn;
  const std::string name = IpAddress::parse(uri.host) ? std::string() : uri.host;
  for (const turn::ServerPlace& place : places) {
    const bool needs_own_socket = uri.relays && place.transport == Transport::udp;
    if (shared_port_ && needs_own_socket) continue;
    if (uri.relays)
      turn.push_back({place.address, credentials, place.transport, name});
    else
      stun.push_back(place.address);
  }
  if (stun.empty() && turn.empty()) {
    const char* const why = places.empty() ? "no address of it was found"
                                           : "it relays over UDP, which a shared port does not do";
    tell(ServerFailed{{}, why, uri.text()});
  }
  if (closed_) return;
  agent.add_servers(instant_now(), std::move(stun), std::move(turn));
  if (--servers_asked_for_ == 0) agent.end_of_servers(instant_now());
  drain();
}

void Session::Impl::find_candidate(NamedCandidate named) {
  if (closed_) return;
  if (!resolver) resolver.emplace(executor, local_addresses());
  ++names_asked_for_;
  const std::string name = named.name;
  resolver->resolve(name, [weak = weak_from_this(), candidate = named.candidate](
                              const std::vector<IpAddress>& found) mutable {
    const auto self = weak.lock();
    if (!self || self->closed_) return;
    --self->names_asked_for_;
    for (const IpAddress& address : found) {
      candidate.address.ip = address;
      self->agent.add_remote_candidate(instant_now(), candidate);
    }
    self->drain();
    if (self->remotes_end_) self->end_remote_candidates();
  });
}

void Session::Impl::end_remote_candidates() {
  remotes_end_ = names_asked_for_ > 0;
  if (remotes_end_ || closed_) return;
  agent.end_of_remote_candidates(instant_now());
  drain();
}

Instant Session::Impl::deadline() const {
  Instant earliest = agent.poll_timeout();
  for (const auto& [id, connection] : connections_)
    earliest = std::min(earliest, connection->deadline());
  if (finder) earliest = std::min(earliest, finder->deadline());
  return monitor ? std::min(earliest, monitor->deadline()) : earliest;
}

void Session::Impl::close() {
  if (closed_) return;
  const auto alive = shared_from_this();
  callbacks_ = std::make_shared<Callbacks>();
  agent.close(instant_now());
  carry_out_commands();
  closed_ = true;
  timer_.cancel();
  sockets_.clear();
  for (const auto& [id, connection] : connections_) connection->close();
  connections_.clear();
  for (const auto& [id, listener] : listeners_) listener->close();
  listeners_.clear();
  resolver.reset();
  finder.reset();
  responder_.reset();
  monitor.reset();
  if (shared_port_) shared_port_->leave(owner_);
  end_waiting(SessionErrc::closed);
}

void Session::Impl::end_waiting(SessionErrc code) {
  if (auto handler = std::exchange(gathered_handler_, {})) handler(code, {});
  if (auto handler = std::exchange(connected_handler_, {})) handler(code);
  if (auto handler = std::exchange(received_handler_, {})) handler(code, {});
}

void Session::Impl::wait_gathered(
    std::function<void(std::error_code, std::vector<Candidate>)> handler) {
  if (closed_) return handler(SessionErrc::closed, {});
  if (gathered_) return handler({}, candidates_);
  if (auto before = std::exchange(gathered_handler_, std::move(handler))) before(canceled, {});
}

void Session::Impl::wait_connected(std::function<void(std::error_code)> handler) {
  if (closed_) return handler(SessionErrc::closed);
  if (agent.state() == State::failed) return handler(SessionErrc::failed);
  if (agent.state() == State::connected || agent.state() == State::completed) return handler({});
  if (auto before = std::exchange(connected_handler_, std::move(handler))) before(canceled);
}

void Session::Impl::wait_received(std::function<void(std::error_code, ByteVector)> handler) {
  if (closed_) return handler(SessionErrc::closed, {});
  if (!unread_.empty()) {
    handler({}, std::move(unread_.front()));
    return unread_.pop_front();
  }
  if (agent.state() == State::failed) return handler(SessionErrc::failed, {});
  if (auto before = std::exchange(received_handler_, std::move(handler))) before(canceled, {});
}

}  // namespace stile::ice
