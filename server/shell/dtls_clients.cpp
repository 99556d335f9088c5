#include "server/shell/dtls_clients.hpp"

#include <algorithm>
#include <functional>

namespace stile::server {

namespace {

constexpr Duration sweep_interval = std::chrono::seconds(1);

}  // namespace

DtlsClients::DtlsClients(const ClientLimits& limits, const Certificates& certificates,
                         const relay::RateLimit& answers, Random& random, ClientCounters& counters,
                         ClientHandler handler, Output output)
    : limits_(limits),
      certificates_(certificates),
      counters_(counters),
      handler_(std::move(handler)),
      output_(std::move(output)),
      cookies_(random),
      answers_(answers, random),
      sessions_(limits.connections),
      handshakes_(limits.handshakes) {}

void DtlsClients::handle_datagram(Instant now, FiveTuple five_tuple, MutableBytes datagram,
                                  std::uint8_t traffic_class) {
  traffic_class_ = traffic_class;
  five_tuple.transport = Transport::dtls;
  if (const auto hello = parse_client_hello(datagram))
    return handle_hello(now, five_tuple, *hello, datagram);
  const auto found = by_five_tuple_.find(five_tuple);
  if (found != by_five_tuple_.end()) return receive(now, found->second, datagram);
  ++counters_.dtls_dropped;
}

// RFC 6347 §4.2.8: who begins anew where there is an association already is asked for the cookie
// again, and replaces it only when he has shown that he is at that address. A hello of the
// handshake that is under way goes to it.
void DtlsClients::handle_hello(Instant now, const FiveTuple& five_tuple, const ClientHello& hello,
                               MutableBytes datagram) {
  if (!handler_.serves(five_tuple.client.ip)) {
    ++counters_.dtls_dropped;
    return;
  }
  const bool answers_ours = hello.message_sequence == 1 && cookies_.valid(now, five_tuple, hello);
  if (!answers_ours) return ask_for_cookie(now, five_tuple, hello);
  const auto found = by_five_tuple_.find(five_tuple);
  if (found != by_five_tuple_.end()) {
    if (std::ranges::equal(clients_.find(found->second)->random, hello.random))
      return receive(now, found->second, datagram);
    close(found->second);
  }
  if (!start(now, five_tuple, hello, datagram.first(hello.record_size))) return;
  const auto started = by_five_tuple_.find(five_tuple);
  if (started != by_five_tuple_.end() && datagram.size() > hello.record_size)
    receive(now, started->second, datagram.subspan(hello.record_size));
}

void DtlsClients::ask_for_cookie(Instant now, const FiveTuple& five_tuple,
                                 const ClientHello& hello) {
  if (!answers_.admit(now, five_tuple.client.ip)) {
    ++counters_.dtls_dropped;
    return;
  }
  std::array<std::uint8_t, longest_hello_verify_request> buffer;
  ++counters_.dtls_hello_verify_requests;
  output_(five_tuple,
          write_hello_verify_request(hello, cookies_.make(now, five_tuple, hello), buffer), {});
}

bool DtlsClients::start(Instant now, const FiveTuple& five_tuple, const ClientHello& hello,
                        Bytes record) {
  Client fresh{
      .five_tuple = five_tuple,
      .session = std::make_unique<DtlsSession>(certificates_.current()->dtls()),
      .sink = [this, five_tuple](Bytes datagram) { output_(five_tuple, datagram, fields_); },
      .random = {},
      .last_heard = now,
      .deadline = now + limits_.handshake};
  std::ranges::copy(hello.random, fresh.random.begin());
  const Id id = clients_.insert(std::move(fresh));
  by_five_tuple_[five_tuple] = id;
  ++counters_.dtls_sessions_now;
  if (next_sweep_ == never) next_sweep_ = now + sweep_interval;
  if (!admit(sessions_, id, five_tuple.client.ip) ||
      !admit(handshakes_, id, five_tuple.client.ip)) {
    close(id);
    return false;
  }
  const Client& client = *clients_.find(id);
  advance(now, id, client.session->start(record, client.sink));
  return true;
}

bool DtlsClients::admit(Admission& admission, Id id, const IpAddress& source) {
  const auto [admitted, evicted] = admission.admit(id.index, source);
  if (!admitted) ++counters_.dtls_dropped;
  if (evicted) {
    ++counters_.connections_evicted;
    close(clients_.id_at(*evicted));
  }
  return admitted;
}

void DtlsClients::receive(Instant now, Id id, MutableBytes datagram) {
  Client& client = *clients_.find(id);
  const auto take = [&](MutableBytes message) {
    client.is_known = true;
    client.last_heard = now;
    client.deadline = never;
    sessions_.prove(id.index);
    handler_.message(client.five_tuple, message);
  };
  advance(now, id, client.session->receive(datagram, std::ref(take), client.sink));
}

/// After each step of a session: what has become of its handshake, and when to look at it again.
void DtlsClients::advance(Instant now, Id id, bool alive) {
  Client& client = *clients_.find(id);
  if (!alive) {
    if (!client.is_open) ++counters_.dtls_failures;
    return close(id);
  }
  if (!client.is_open && client.session->is_open()) {
    client.is_open = true;
    ++counters_.dtls_handshakes;
    handshakes_.leave(id.index);
    if (!client.is_known) client.deadline = now + limits_.first_message;
  }
  const auto timer = client.is_timed ? std::nullopt : client.session->timer();
  if (!timer) return;
  client.is_timed = true;
  timers_.push(now + *timer, id);
}

// RFC 8656 §14: over DTLS data comes in datagrams as over UDP.
void DtlsClients::send(const FiveTuple& to, Bytes message, relay::IpFields fields) {
  const auto found = by_five_tuple_.find(to);
  if (found == by_five_tuple_.end()) return;
  Client& client = *clients_.find(found->second);
  fields_ = fields;
  if (!client.session->send(message, client.sink)) ++counters_.dtls_dropped;
  fields_ = {};
}

void DtlsClients::close(Id id) {
  Client& client = *clients_.find(id);
  const FiveTuple five_tuple = client.five_tuple;
  const bool was_known = client.is_known;
  client.session->close(client.sink);
  by_five_tuple_.erase(five_tuple);
  sessions_.leave(id.index);
  handshakes_.leave(id.index);
  clients_.erase(id);
  --counters_.dtls_sessions_now;
  if (was_known) handler_.closed(five_tuple);
}

Instant DtlsClients::poll_timeout() const {
  return std::min(timers_.earliest(), next_sweep_);
}

void DtlsClients::handle_timeout(Instant now) {
  while (const auto due = timers_.pop_due(now)) {
    Client* const client = clients_.find(*due);
    if (!client) continue;
    client->is_timed = false;
    advance(now, *due, client->session->handle_timer(client->sink));
  }
  if (now >= next_sweep_) sweep(now);
}

void DtlsClients::sweep(Instant now) {
  std::vector<Id> ended;
  clients_.for_each([&](Id id, Client& client) {
    if (has_ended(now, client))
      ended.push_back(id);
    else if (client.is_open && now - client.last_heard > sweep_interval)
      client.session->release_buffers();
  });
  counters_.connections_too_slow += ended.size();
  for (const Id id : ended) close(id);
  next_sweep_ = clients_.empty() ? never : now + sweep_interval;
}

bool DtlsClients::has_ended(Instant now, const Client& client) const {
  if (now >= client.deadline) return true;
  const Duration quiet = now - client.last_heard;
  if (quiet < limits_.idle) return false;
  return quiet >= limits_.silence || !handler_.has_allocation(client.five_tuple);
}

}  // namespace stile::server
