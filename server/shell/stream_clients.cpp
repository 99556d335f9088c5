#include "server/shell/stream_clients.hpp"

#include <algorithm>

#include "server/shell/first_byte.hpp"
#include "server/shell/proxy_header.hpp"
#include "stile/stun/stream_framing.hpp"

namespace stile::server {

namespace {

constexpr Duration sweep_interval = std::chrono::seconds(1);
constexpr std::size_t longest_message = 65'536 + 24;  ///< no STUN message or ChannelData is longer
constexpr std::size_t hello_header_size = 9;  ///< of the first TLS record and its handshake message
constexpr std::size_t longest_hello =
    16'384;  ///< Limit: OpenSSL would reserve what the header asks for

}  // namespace

StreamClients::StreamClients(Poller& poller, const ClientLimits& limits,
                             const Certificates* certificates, std::vector<IpPrefix> balancers,
                             ClientCounters& counters, ClientHandler handler)
    : poller_(poller),
      limits_(limits),
      certificates_(certificates),
      balancers_(std::move(balancers)),
      counters_(counters),
      handler_(std::move(handler)),
      connections_(limits.connections),
      handshakes_(limits.handshakes),
      openings_left_(limits.openings_per_wake_up),
      buffer_(datagram_headroom + longest_message + Stream::room_to_read) {}

void StreamClients::accept(Instant now, int listener, const TransportAddress& local) {
  for (int i = 0; i < Acceptor::at_once; ++i) {
    auto accepted = acceptor_.accept(listener);
    if (!accepted) return;
    if (accepted->socket)
      add(now, std::move(accepted->socket), accepted->from, local);
    else
      ++counters_.connections_refused;
  }
}

void StreamClients::add(Instant now, Descriptor socket, const TransportAddress& from,
                        const TransportAddress& local) {
  const bool behind_proxy =
      std::ranges::any_of(balancers_, [&](const auto& each) { return each.contains(from.ip); });
  const Id id = clients_.insert(
      StreamClient(std::move(socket), {from, local, Transport::tcp}, behind_proxy, limits_, now));
  ++counters_.connections_accepted;
  ++counters_.connections_now;
  StreamClient& client = *clients_.find(id);
  // Whom a balancer speaks for is not known yet.
  if (!behind_proxy && !admit(connections_, id, from.ip)) return close(id);
  watch(now, id, client);
}

void StreamClients::watch(Instant now, Id id, StreamClient& client) {
  client.polled = Poller::readable;
  poller_.add(client.stream.fd(), {Watched::Kind::stream_client, id.index, id.generation},
              client.polled);
  if (next_sweep_ == never) next_sweep_ = now + sweep_interval;
}

bool StreamClients::admit(Admission& admission, Id id, const IpAddress& source) {
  if (!handler_.serves(source)) {
    ++counters_.connections_refused;
    return false;
  }
  const auto [admitted, evicted] = admission.admit(id.index, source);
  if (!admitted) ++counters_.connections_refused;
  if (evicted) {
    ++counters_.connections_evicted;
    close(clients_.id_at(*evicted));
  }
  return admitted;
}

void StreamClients::close(Id id) {
  StreamClient& client = *clients_.find(id);
  const bool was_known = client.is_known;
  const FiveTuple five_tuple = client.five_tuple;
  client.stream.finish();
  forget(id);
  if (was_known) handler_.closed(five_tuple);
}

void StreamClients::forget(Id id) {
  const StreamClient& client = *clients_.find(id);
  if (client.is_known) by_five_tuple_.erase(client.five_tuple);
  connections_.leave(id.index);
  handshakes_.leave(id.index);
  clients_.erase(id);
  --counters_.connections_now;
}

void StreamClients::handle(Instant now, const Poller::Event& event) {
  const Id id{event.watched.index, event.watched.generation};
  StreamClient* const client = clients_.find(id);
  if (!client) return;  // closed in this wake-up
  if (event.broken) return close(id);
  if (event.writable) mark_dirty(id, *client);
  if (!event.readable) return;
  if (client->stage != StreamClient::Stage::messages) {
    if (openings_left_ == 0) return;  // it is still readable the next time
    --openings_left_;
  }
  reading_ = id;
  MutableBytes rest;
  const bool alive = read(now, id, *client, rest);
  end_reading(now, id, *client, alive, rest);
}

// False from here on: the connection is to be closed.

bool StreamClients::read(Instant now, Id id, StreamClient& client, MutableBytes& rest) {
  using Stage = StreamClient::Stage;
  const auto got = client.read(now, MutableBytes(buffer_).subspan(datagram_headroom));
  if (!got) {
    if (client.stage == Stage::handshake) ++counters_.tls_failures;
    return false;
  }
  rest = *got;
  if (!client.has_allocation &&
      rest.size() >= limits_.message_before_allocation)  // there is much to read
    client.has_allocation = handler_.has_allocation(client.five_tuple);
  if (client.stage == Stage::proxy_header && !take_proxy_header(id, client, rest)) return false;
  if (client.stage == Stage::first_byte && !take_first_byte(now, id, client, rest)) return false;
  if (client.stage == Stage::handshake && client.stream.is_open()) end_handshake(now, id, client);
  return client.stage != Stage::messages || take_messages(now, id, client, rest);
}

bool StreamClients::take_proxy_header(Id id, StreamClient& client, MutableBytes& rest) {
  const ProxyHeader header = parse_proxy_header(rest);
  if (header.status == ProxyHeader::Status::malformed) {
    ++counters_.malformed_proxy_headers;
    return false;
  }
  if (header.status == ProxyHeader::Status::incomplete) return true;
  if (header.source) client.five_tuple.client = *header.source;
  client.stage = StreamClient::Stage::first_byte;
  rest = rest.subspan(header.size);
  return admit(connections_, id, client.five_tuple.client.ip);
}

bool StreamClients::take_first_byte(Instant now, Id id, StreamClient& client, MutableBytes& rest) {
  if (rest.empty()) return true;
  if (begins_message(rest[0])) {
    client.messages_may_come(now, false);
    return true;
  }
  if (begins_tls(rest[0]) && certificates_) {
    if (rest.size() < hello_header_size) return true;
    if ((load_u32(rest.data() + 5) & 0xffffff) <= longest_hello) {
      if (!admit(handshakes_, id, client.five_tuple.client.ip)) return false;
      const auto received = client.start_tls(now, certificates_->current()->tls(), rest,
                                             MutableBytes(buffer_).subspan(datagram_headroom));
      if (!received) ++counters_.tls_failures;
      rest = received.value_or(MutableBytes());
      return received.has_value();
    }
  }
  ++counters_.malformed_streams;
  return false;
}

void StreamClients::end_handshake(Instant now, Id id, StreamClient& client) {
  ++counters_.tls_handshakes;
  handshakes_.leave(id.index);
  client.messages_may_come(now, true);
}

bool StreamClients::take_messages(Instant now, Id id, StreamClient& client, MutableBytes& rest) {
  for (;;) {
    const auto frame = stun::next_frame(rest);
    if (frame.status == stun::Frame::Status::incomplete)
      return may_be_so_long(client, frame.size_on_stream);
    if (frame.status == stun::Frame::Status::broken || !make_known(id, client)) {
      ++counters_.malformed_streams;
      return false;
    }
    client.message_has_come(now);
    const MutableBytes message = rest.first(frame.message_size);
    rest = rest.subspan(frame.size_on_stream);
    unread_ = rest;
    handler_.message(client.five_tuple, message);
    if (!clients_.find(id)) return true;  // released
  }
}

/// Nobody needs a long message to make an allocation.
bool StreamClients::may_be_so_long(StreamClient& client, std::size_t message_size) {
  if (client.has_allocation || message_size <= limits_.message_before_allocation) return true;
  client.has_allocation = handler_.has_allocation(client.five_tuple);
  if (!client.has_allocation) ++counters_.malformed_streams;
  return client.has_allocation;
}

/// False if there is another of its five-tuple, which only a balancer's word can bring about.
bool StreamClients::make_known(Id id, StreamClient& client) {
  if (client.is_known) return true;
  if (!by_five_tuple_.try_emplace(client.five_tuple, id).second) return false;
  client.is_known = true;
  connections_.prove(id.index);
  return true;
}

void StreamClients::send(Instant now, const FiveTuple& to, Bytes message) {
  const auto found = by_five_tuple_.find(to);
  if (found == by_five_tuple_.end()) return;
  StreamClient& client = *clients_.find(found->second);
  counters_.messages_dropped_full += client.push(now, message);
  mark_dirty(found->second, client);
}

void StreamClients::mark_dirty(Id id, StreamClient& client) {
  if (client.is_dirty) return;
  client.is_dirty = true;
  dirty_.push_back(id);
}

void StreamClients::flush(Instant now) {
  openings_left_ = limits_.openings_per_wake_up;
  for (const Id id : dirty_) {
    StreamClient* const client = clients_.find(id);
    if (!client) continue;
    client->is_dirty = false;
    counters_.messages_dropped_old += client->flush(now);
    poll(id, *client);
  }
  dirty_.clear();
}

void StreamClients::poll(Id id, StreamClient& client) {
  const std::uint32_t interest = client.interest();
  if (interest == client.polled) return;
  client.polled = interest;
  poller_.change(client.stream.fd(), {Watched::Kind::stream_client, id.index, id.generation},
                 interest);
}

void StreamClients::handle_timeout(Instant now) {
  if (now < next_sweep_) return;
  std::vector<Id> ended;
  clients_.for_each([&](Id id, StreamClient& client) {
    if (has_ended(now, client))
      ended.push_back(id);
    else
      mark_dirty(id, client);  // what has grown old in its queue goes
  });
  counters_.connections_too_slow += ended.size();
  for (const Id id : ended) close(id);
  next_sweep_ = clients_.empty() ? never : now + sweep_interval;
}

bool StreamClients::has_ended(Instant now, StreamClient& client) {
  if (client.is_too_slow(now)) return true;
  if (!client.is_idle(now)) return false;
  client.has_allocation = handler_.has_allocation(client.five_tuple);
  return !client.has_allocation || client.is_silent(now);
}

std::optional<StreamClients::Released> StreamClients::release(const FiveTuple& five_tuple) {
  const auto found = by_five_tuple_.find(five_tuple);
  if (found == by_five_tuple_.end()) return std::nullopt;
  const Id id = found->second;
  StreamClient& client = *clients_.find(id);
  client.flush_answers();
  poller_.remove(client.stream.fd());
  Released released{std::move(client.stream), id == reading_ ? copy_of(unread_) : ByteVector()};
  forget(id);
  return released;
}

void StreamClients::adopt(Instant now, const FiveTuple& five_tuple, Released connection) {
  const Id id =
      clients_.insert(StreamClient(std::move(connection.stream), five_tuple, limits_, now));
  ++counters_.connections_now;
  StreamClient& client = *clients_.find(id);
  if (!admit(connections_, id, five_tuple.client.ip)) return close(id);
  watch(now, id, client);
  MutableBytes rest = MutableBytes(buffer_).subspan(datagram_headroom, connection.early.size());
  std::ranges::copy(connection.early, rest.begin());
  reading_ = id;
  const bool alive = take_messages(now, id, client, rest);
  end_reading(now, id, client, alive, rest);
}

/// `client` is there no more if the connection has been released.
void StreamClients::end_reading(Instant now, Id id, StreamClient& client, bool alive, Bytes rest) {
  reading_ = {};
  if (!clients_.find(id)) return;
  if (!alive) return close(id);
  client.keep(now, rest);
  poll(id, client);
}

}  // namespace stile::server
