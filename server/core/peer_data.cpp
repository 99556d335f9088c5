#include <algorithm>
#include <cstring>

#include "server/core/impl.hpp"

namespace stile::relay {

namespace {

constexpr std::size_t largest_length =
    0xffff;  ///< of a STUN message or of ChannelData, as their headers state it

constexpr std::size_t padding_of(std::size_t length) {
  return (4 - length % 4) % 4;
}

/// XOR-PEER-ADDRESS and the header of DATA, after the message's header.
std::size_t indication_header_size(Family family) {
  const std::size_t address_attribute = 4 + (family == Family::ipv4 ? 8 : 20);
  return stun::header_size + address_attribute + 4;
}

bool fits_indication(Family family, std::size_t length) {
  return indication_header_size(family) - stun::header_size + length + padding_of(length) <=
         largest_length;
}

/// The data moved to the front by its padding and padded, so that nothing is written behind the
/// datagram: the shell may have received several into one buffer.
MutableBytes pad_in_place(MutableBytes data) {
  const std::size_t padding = padding_of(data.size());
  std::uint8_t* const start = data.data() - padding;
  if (padding != 0) std::memmove(start, data.data(), data.size());
  std::fill_n(start + data.size(), padding, std::uint8_t{0});
  return {start, data.size() + padding};
}

/// RFC 8656 §11.5: which ICMP errors are told to the client.
bool relayed_icmp(Family family, const stun::Icmp& icmp) {
  if (family == Family::ipv4) return icmp.icmp_type == 3 || icmp.icmp_type == 11;
  return icmp.icmp_type >= 1 && icmp.icmp_type <= 3;
}

/// RFC 8656 §18.13: of which ones it is told how large a packet may be.
bool tells_mtu(Family family, const stun::Icmp& icmp) {
  if (family == Family::ipv4) return icmp.icmp_type == 3 && icmp.icmp_code == 4;
  return icmp.icmp_type == 2;
}

}  // namespace

// RFC 8656 §11.3, §12.7.
Outcome Relay::Impl::peer_datagram(RelaySocketId socket, const TransportAddress& peer,
                                   MutableBytes datagram, std::uint8_t traffic_class) {
  Allocation* const allocation = owner_of(socket);
  if (!allocation) return Nothing{};
  const ChannelBinding* const binding = allocation->channel(peer);
  if (!binding && (!allocation->permission(peer.ip) || !gate.admits_endpoint(peer))) {
    ++counters.no_permission_from;
    return Nothing{};
  }
  if (!allocation->has_client()) {
    ++counters.no_client;
    return Nothing{};
  }
  if (binding ? datagram.size() > largest_length
              : !fits_indication(peer.family(), datagram.size())) {
    ++counters.too_large;
    return Nothing{};
  }
  if (!admit_datagram(*allocation, Direction::from_peer, datagram.size())) return Nothing{};
  const IpFields fields{traffic_class, false};  // RFC 8656 §14
  if (!binding) return ToClient{allocation->five_tuple, data_indication(peer, datagram), fields};

  // RFC 8656 §12.5: padded over TCP and TLS only.
  const std::size_t length = datagram.size();
  const bool padded = is_stream(allocation->five_tuple.transport);
  const MutableBytes data = padded ? pad_in_place(datagram) : datagram;
  std::uint8_t* const start = data.data() - stun::channel_data_header_size;
  stun::ChannelData::write_header(start, binding->number, length);
  return ToClient{
      allocation->five_tuple, {start, stun::channel_data_header_size + data.size()}, fields};
}

Allocation* Relay::Impl::owner_of(RelaySocketId socket) {
  const RelaySocket* const relay_socket = sockets.find(socket);
  const bool owned = relay_socket && relay_socket->owner;
  Allocation* const allocation = owned ? allocations.find(*relay_socket->owner) : nullptr;
  if (!allocation) ++counters.unknown_sockets;
  return allocation;
}

/// RFC 8656 §11.3: XOR-PEER-ADDRESS and DATA, the headers written in front of the data where they
/// fit.
Bytes Relay::Impl::data_indication(const TransportAddress& peer, MutableBytes datagram) {
  const std::size_t length = datagram.size();
  const std::size_t headers = indication_header_size(peer.family());
  if (headers + padding_of(length) > datagram_headroom) {
    const MutableBytes copy =
        MutableBytes(indication_buffer).subspan(datagram_headroom + datagram_tailroom, length);
    std::ranges::copy(datagram, copy.begin());
    datagram = copy;
  }
  const MutableBytes padded = pad_in_place(datagram);
  const MutableBytes whole(padded.data() - headers, headers + padded.size());
  stun::MessageBuilder builder(whole, stun::Class::indication, stun::Method::data,
                               stun::TransactionId{next_transaction_id()});
  builder.add(stun::XorPeerAddress{peer});
  std::uint8_t* const header = padded.data() - 4;
  store_u16(header, static_cast<std::uint16_t>(stun::AttributeType::data));
  store_u16(header + 2, static_cast<std::uint16_t>(length));
  store_u16(whole.data() + 2, static_cast<std::uint16_t>(whole.size() - stun::header_size));
  return whole;
}

// RFC 8656 §11.5; §12.5 has it told by an indication even where a channel is bound.
Outcome Relay::Impl::peer_icmp(RelaySocketId socket, const TransportAddress& peer,
                               const stun::Icmp& icmp) {
  Allocation* const allocation = owner_of(socket);
  if (!allocation) return Nothing{};
  const bool permitted =
      allocation->has_client() && (allocation->permission(peer.ip) || allocation->channel(peer));
  if (!permitted || !relayed_icmp(peer.family(), icmp)) {
    ++counters.no_permission_from;
    return Nothing{};
  }
  stun::MessageBuilder builder(response_buffer, stun::Class::indication, stun::Method::data,
                               stun::TransactionId{next_transaction_id()});
  const std::uint32_t mtu = tells_mtu(peer.family(), icmp) ? icmp.error_data : 0;
  builder.add(stun::XorPeerAddress{peer}).add(stun::Icmp{icmp.icmp_type, icmp.icmp_code, mtu});
  return ToClient{allocation->five_tuple, builder.finish()};
}

std::array<std::uint8_t, 12> Relay::Impl::next_transaction_id() {
  std::array<std::uint8_t, 12> id = indication_seed;
  store_u64(id.data() + 4, load_u64(id.data() + 4) ^ ++indications_sent);
  return id;
}

}  // namespace stile::relay
