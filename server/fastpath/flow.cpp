#include "server/fastpath/flow.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace stile::server {

namespace {

// Limit: RFC 8200 §5: every IPv6 path takes that much. Larger datagrams are the server's: what an
// ICMPv6 error has said of a path only sockets know.
constexpr std::uint16_t ipv6_minimum_mtu = 1280;

flow_key key_of(const TransportAddress& remote, const TransportAddress& local,
                std::uint16_t channel) {
  flow_key key{};
  std::ranges::copy(remote.ip.v6_bytes(), key.remote);
  std::ranges::copy(local.ip.v6_bytes(), key.local);
  key.remote_port = htons(remote.port);
  key.local_port = htons(local.port);
  key.channel = htons(channel);
  return key;
}

flow_entry entry_of(const TransportAddress& source, const TransportAddress& destination,
                    std::uint16_t channel, const Route& in, const Route& out,
                    std::uint32_t generation) {
  flow_entry entry{};
  std::ranges::copy(source.ip.v6_bytes(), entry.source);
  std::ranges::copy(destination.ip.v6_bytes(), entry.destination);
  entry.source_port = htons(source.port);
  entry.destination_port = htons(destination.port);
  entry.channel = htons(channel);
  entry.mtu = source.ip.is_v6() ? std::min(out.mtu, ipv6_minimum_mtu) : out.mtu;
  entry.in_index = in.interface;
  entry.out_index = out.interface;
  entry.generation = generation;
  entry.hop_limit = out.hop_limit;
  return entry;
}

}  // namespace

listener_key listener_key_of(const TransportAddress& listener) {
  listener_key key{};
  std::ranges::copy(listener.ip.v6_bytes(), key.address);
  key.port = htons(listener.port);
  return key;
}

flow_key key_to_peer(const Flow& flow) {
  return key_of(flow.client, flow.server, flow.channel.value);
}

flow_key key_from_peer(const Flow& flow) {
  return key_of(flow.peer, flow.relayed, 0);
}

FlowEntry entry_to_peer(const Flow& flow, const Route& to_client, const Route& to_peer,
                        std::uint32_t generation) {
  return {key_to_peer(flow), entry_of(flow.relayed, flow.peer, 0, to_client, to_peer, generation)};
}

FlowEntry entry_from_peer(const Flow& flow, const Route& to_client, const Route& to_peer,
                          std::uint32_t generation) {
  return {key_from_peer(flow),
          entry_of(flow.server, flow.client, flow.channel.value, to_peer, to_client, generation)};
}

}  // namespace stile::server
