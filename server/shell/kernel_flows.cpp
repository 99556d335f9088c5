#include "server/shell/kernel_flows.hpp"

namespace stile::server {

namespace {

// Limit: then datagrams have their turn.
constexpr std::size_t renewed_at_once = 64;

/// What has been relayed since `told`, which is brought up to date.
relay::Traffic since(relay::Traffic& told, const std::optional<flow_entry>& now) {
  if (!now) return {};
  const relay::Traffic before = std::exchange(told, {now->packets, now->bytes});
  return {told.packets - before.packets, told.bytes - before.bytes};
}

}  // namespace

KernelFlows::KernelFlows(KernelRelay& relay, bool allowed, Tell tell)
    : relay_(relay), allowed_(allowed), tell_(std::move(tell)) {}

void KernelFlows::bind(const relay::BindFlow& bound, const TransportAddress& relayed) {
  const FiveTuple& five_tuple = bound.five_tuple;
  const Flow flow{five_tuple.client, five_tuple.server, relayed, bound.peer, bound.channel};
  if (five_tuple.transport != Transport::udp || !flow.has_one_family()) return;
  const auto [place, added] =
      flows_.insert_or_assign(id_of(bound.relay_socket, bound.channel),
                              Known{five_tuple, bound.relay_socket, flow, 0, {}, {}});
  put_in(place->second);
}

void KernelFlows::unbind(const relay::UnbindFlow& bound) {
  const auto found = flows_.find(id_of(bound.relay_socket, bound.channel));
  if (found == flows_.end()) return;
  take_out(found->second);
  flows_.erase(found);
}

void KernelFlows::allow(bool allowed) {
  if (std::exchange(allowed_, allowed) == allowed) return;
  if (allowed) return renew();
  for (auto& [id, known] : flows_) take_out(known);
}

void KernelFlows::tell_all() {
  const KernelProgram& kernel = relay_.program();
  for (auto& [id, known] : flows_) {
    if (known.generation == 0) continue;
    tell(known, kernel.find(key_to_peer(known.flow)), kernel.find(key_from_peer(known.flow)));
  }
}

void KernelFlows::renew() {
  to_renew_.clear();
  for (const auto& [id, known] : flows_) to_renew_.push_back(id);
}

void KernelFlows::handle_timeout() {
  for (std::size_t i = 0; i < renewed_at_once && !to_renew_.empty(); ++i) {
    const auto found = flows_.find(to_renew_.back());
    to_renew_.pop_back();
    if (found == flows_.end() || found->second.generation == relay_.generation()) continue;
    take_out(found->second);
    put_in(found->second);
  }
}

/// Sockets' indices are used again only when nothing is bound to them any more.
KernelFlows::Id KernelFlows::id_of(relay::RelaySocketId socket, stun::ChannelNumber channel) {
  return Id{socket.index} << 16 | channel.value;
}

void KernelFlows::put_in(Known& known) {
  const std::uint32_t generation = relay_.generation();  // before the routes are asked for
  if (generation == 0 || !allowed_) return;
  const Flow& flow = known.flow;
  const auto to_client = routes_.between(flow.server, flow.client);
  const auto to_peer = routes_.between(flow.relayed, flow.peer);
  if (!to_client || !to_peer) return;
  if (!relay_.sees(to_client->interface) || !relay_.sees(to_peer->interface)) return;
  const KernelProgram& kernel = relay_.program();
  known.generation = generation;
  ++counters_.channels_now;
  const bool whole = kernel.put(entry_to_peer(flow, *to_client, *to_peer, generation)) &&
                     kernel.put(entry_from_peer(flow, *to_client, *to_peer, generation));
  if (!whole) take_out(known);
}

/// Limit: what the kernel relays of it at this very moment, on another processor, is not counted.
void KernelFlows::take_out(Known& known) {
  if (std::exchange(known.generation, 0) == 0) return;
  --counters_.channels_now;
  const KernelProgram& kernel = relay_.program();
  tell(known, kernel.take(key_to_peer(known.flow)), kernel.take(key_from_peer(known.flow)));
  known.to_peer = known.from_peer = {};
}

void KernelFlows::tell(Known& known, const std::optional<flow_entry>& to_peer,
                       const std::optional<flow_entry>& from_peer) {
  const relay::Traffic there = since(known.to_peer, to_peer);
  const relay::Traffic back = since(known.from_peer, from_peer);
  counters_.packets += there.packets + back.packets;
  counters_.bytes += there.bytes + back.bytes;
  if (there.packets + back.packets > 0) tell_(known.five_tuple, known.socket, there, back);
}

}  // namespace stile::server
