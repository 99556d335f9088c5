#include "nat/sim/tcp.hpp"

#include <algorithm>
#include <utility>

#include "nat/packet/builder.hpp"

namespace stile::sim {

namespace {

using namespace nat::tcp_flag;

constexpr Duration retransmission = std::chrono::milliseconds(500);
constexpr int max_tries = 12;
constexpr std::size_t longest_segment = 1400;

}  // namespace

void Tcp::connect(const Ends& ends, Callbacks callbacks) {
  if (connections_.contains(ends)) {
    world_.after({}, [opened = std::move(callbacks.on_opened)] { opened(false); });
    return;
  }
  Connection& connection = connections_[ends];
  connection.callbacks = std::move(callbacks);
  connection.unacknowledged = random_.u32();
  transmit(ends, connection, syn, connection.unacknowledged);
  set_timer(ends);
}

void Tcp::send(const Ends& ends, Bytes bytes) {
  const auto found = connections_.find(ends);
  if (found == connections_.end() || found->second.state != State::established) return;
  Connection& connection = found->second;
  const auto sequence =
      connection.unacknowledged + static_cast<std::uint32_t>(connection.sent.size());
  connection.sent.insert(connection.sent.end(), bytes.begin(), bytes.end());
  transmit(ends, connection, psh | ack, sequence, bytes);
  if (connection.sent.size() == bytes.size()) set_timer(ends);
}

void Tcp::close(const Ends& ends) {
  const auto found = connections_.find(ends);
  if (found == connections_.end()) return;
  const auto sequence =
      found->second.unacknowledged + static_cast<std::uint32_t>(found->second.sent.size());
  transmit(ends, found->second, rst | ack, sequence);
  connections_.erase(found);
}

void Tcp::receive(const TransportAddress& from, const TransportAddress& to,
                  const nat::TcpView& segment) {
  const Ends ends{to, from};
  const auto found = connections_.find(ends);
  if (found == connections_.end()) return receive_unexpected(ends, segment);
  Connection& connection = found->second;
  if (segment.has(rst)) return end(ends);
  if (connection.state == State::syn_sent) return receive_in_syn_sent(ends, connection, segment);
  if (segment.has(ack) && !take_acknowledgment(ends, connection, segment)) return;
  if (segment.has(syn) && connection.state == State::syn_received)
    return transmit(ends, connection, syn | ack, connection.unacknowledged);
  const Bytes payload = segment.payload();
  if (payload.empty() && !segment.has(syn)) return;
  const bool in_order = segment.sequence() == connection.expected && !payload.empty();
  if (in_order) connection.expected += static_cast<std::uint32_t>(payload.size());
  transmit(ends, connection, ack,
           connection.unacknowledged + static_cast<std::uint32_t>(connection.sent.size()));
  if (!in_order || !connection.callbacks.on_bytes) return;
  const auto tell = connection.callbacks.on_bytes;
  tell(payload);
}

/// RFC 9293 §3.10.7.1 and §3.10.7.2.
void Tcp::receive_unexpected(const Ends& ends, const nat::TcpView& segment) {
  if (segment.has(rst)) return;
  if (segment.has(syn) && !segment.has(ack) && listeners_.contains(ends.local)) {
    Connection& connection = connections_[ends];
    connection.state = State::syn_received;
    connection.accepted = true;
    connection.unacknowledged = random_.u32();
    connection.expected = segment.sequence() + 1;
    transmit(ends, connection, syn | ack, connection.unacknowledged);
    return set_timer(ends);
  }
  Connection none;
  none.expected = segment.sequence() + (segment.has(syn) ? 1u : 0u) +
                  static_cast<std::uint32_t>(segment.payload().size());
  transmit(ends, none, rst | ack, segment.has(ack) ? segment.acknowledgment() : 0);
}

void Tcp::receive_in_syn_sent(const Ends& ends, Connection& connection,
                              const nat::TcpView& segment) {
  if (!segment.has(syn)) return;
  connection.expected = segment.sequence() + 1;
  connection.state = State::syn_received;  // both open at once, unless it acknowledges
  if (!segment.has(ack)) return transmit(ends, connection, syn | ack, connection.unacknowledged);
  if (take_acknowledgment(ends, connection, segment))
    transmit(ends, connections_.at(ends), ack, connections_.at(ends).unacknowledged);
}

/// False if the connection is gone.
bool Tcp::take_acknowledgment(const Ends& ends, Connection& connection,
                              const nat::TcpView& segment) {
  const std::uint32_t advance = segment.acknowledgment() - connection.unacknowledged;
  if (connection.state == State::syn_received) {
    if (advance != 1) return true;
    ++connection.unacknowledged;
    return establish(ends);
  }
  if (advance == 0 || advance > connection.sent.size()) return true;
  connection.sent.erase(connection.sent.begin(),
                        connection.sent.begin() + static_cast<std::ptrdiff_t>(advance));
  connection.unacknowledged += advance;
  connection.tries = 0;
  if (!connection.sent.empty()) set_timer(ends);
  return true;
}

bool Tcp::establish(const Ends& ends) {
  Connection& connection = connections_.at(ends);
  connection.state = State::established;
  connection.tries = 0;
  if (!connection.accepted) {
    const auto opened = connection.callbacks.on_opened;
    if (opened) opened(true);
    return connections_.contains(ends);
  }
  const auto listener = listeners_.find(ends.local);
  auto callbacks = listener == listeners_.end() ? std::nullopt : listener->second(ends.remote);
  if (!callbacks) {
    close(ends);
    return false;
  }
  connection.callbacks = std::move(*callbacks);
  return true;
}

void Tcp::transmit(const Ends& ends, const Connection& connection, std::uint8_t flags,
                   std::uint32_t sequence, Bytes bytes) {
  nat::TcpFields fields;
  fields.sequence = sequence;
  if ((flags & ack) != 0) fields.acknowledgment = connection.expected;
  send_(nat::make_tcp(ends.local, ends.remote, flags, bytes, fields));
}

void Tcp::transmit_again(const Ends& ends) {
  Connection& connection = connections_.at(ends);
  if (connection.state == State::established && connection.sent.empty()) return;
  if (++connection.tries >= max_tries) return end(ends);
  const Bytes rest(connection.sent);
  switch (connection.state) {
    case State::syn_sent:
      transmit(ends, connection, syn, connection.unacknowledged);
      break;
    case State::syn_received:
      transmit(ends, connection, syn | ack, connection.unacknowledged);
      break;
    case State::established:
      transmit(ends, connection, psh | ack, connection.unacknowledged,
               rest.first(std::min(rest.size(), longest_segment)));
      break;
  }
  set_timer(ends);
}

void Tcp::set_timer(const Ends& ends) {
  const std::uint64_t timer = ++timers_;
  connections_.at(ends).timer = timer;
  world_.after(retransmission, [this, ends, timer] {
    const auto found = connections_.find(ends);
    if (found != connections_.end() && found->second.timer == timer) transmit_again(ends);
  });
}

void Tcp::end(const Ends& ends) {
  const auto node = connections_.extract(ends);
  if (node.empty()) return;
  const Connection& connection = node.mapped();
  if (connection.state == State::established) {
    if (connection.callbacks.on_ended) connection.callbacks.on_ended();
  } else if (connection.callbacks.on_opened) {
    connection.callbacks.on_opened(false);
  }
}

}  // namespace stile::sim
