#include "server/shell/data_connection.hpp"

#include <algorithm>

#include "server/shell/poller.hpp"

namespace stile::server {

namespace {

constexpr int reads_per_wake_up = 4;  ///< Limit: then the other connections have their turn
/// NATs on the way may forget a half-closed connection after this (RFC 5382 REQ-5).
constexpr Duration longest_half_closed_silence = std::chrono::minutes(4);

}  // namespace

DataConnection::DataConnection(Instant now, Stream client, Stream peer, Bytes early)
    : client_(std::move(client)), peer_(std::move(peer)), last_moved_(now) {
  client_.may_pause();
  peer_.may_pause();
  if (!early.empty()) peer_.write(early);
}

DataConnection::State DataConnection::relay(Instant now, MutableBytes buffer, Relayed& relayed) {
  const Relayed before = relayed;
  const std::size_t unsent_before = unsent();
  const Way to_peer{client_, peer_, client_ended_, held_up_.client};
  const Way from_peer{peer_, client_, peer_ended_, held_up_.peer};
  const bool sound = move(now, to_peer, buffer, relayed.to_peer) &&
                     move(now, from_peer, buffer, relayed.from_peer);
  if (!sound) return State::broken;
  const bool moved = relayed.to_peer != before.to_peer || relayed.from_peer != before.from_peer;
  if (moved || unsent() != unsent_before) last_moved_ = now;
  return client_ended_ && peer_ended_ && unsent() == 0 ? State::ended : State::open;
}

/// False if one of them is broken.
bool DataConnection::move(Instant now, const Way& way, MutableBytes buffer, std::size_t& moved) {
  const auto& [from, to, ended, held_up] = way;
  if (to.unsent() > 0 && !to.write_on()) return false;
  if (now < held_up) return true;
  for (int i = 0; i < reads_per_wake_up && !ended && to.unsent() == 0; ++i) {
    const auto count = from.read(buffer);
    if (!count) {
      ended = from.has_ended();
      if (ended) to.finish();
      return ended;
    }
    if (*count == 0) break;
    to.write(buffer.first(*count));
    moved += *count;
  }
  return true;
}

void DataConnection::reset() {
  client_.reset();
  peer_.reset();
}

void DataConnection::finish() {
  client_.finish();
  peer_.finish();
}

Instant DataConnection::read_again(Instant now) const {
  Instant next = never;
  for (const Instant each : {held_up_.client, held_up_.peer})
    if (each > now) next = std::min(next, each);
  return next;
}

std::uint32_t DataConnection::interest(Side side, Instant now) const {
  const Stream& other = of(side == Side::client ? Side::peer : Side::client);
  const bool ended = side == Side::client ? client_ended_ : peer_ended_;
  const bool held_up = now < (side == Side::client ? held_up_.client : held_up_.peer);
  return (!ended && !held_up && other.unsent() == 0 ? Poller::readable : Poller::nothing) |
         (of(side).unsent() > 0 ? Poller::writable : Poller::nothing);
}

bool DataConnection::is_abandoned(Instant now) const {
  return (client_ended_ || peer_ended_) && now - last_moved_ >= longest_half_closed_silence;
}

}  // namespace stile::server
