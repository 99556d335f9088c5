#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <vector>

#include "nat/core/nat.hpp"
#include "nat/ipv6/ipv6_packet_maker.hpp"
#include "nat/packet/builder.hpp"
#include "nat/packet/icmp.hpp"
#include "nat/packet/ipv4.hpp"
#include "nat/packet/ipv6.hpp"
#include "nat/packet/tcp.hpp"
#include "nat/packet/udp.hpp"
#include "stile/base/random.hpp"

namespace stile::nat::test {

using namespace std::chrono_literals;

inline TransportAddress at(std::string_view text) {
  return *TransportAddress::parse(text);
}
inline IpAddress ip(std::string_view text) {
  return *IpAddress::parse(text);
}

ByteVector payload_of(std::size_t size);

/// Right lengths and checksums, of either family; a fragment's transport is not looked at.
bool is_right(Bytes packet);

/// Of a packet of either family that has UDP, TCP or ICMP; ports of ICMP are its identifier.
TransportAddress source_of(Bytes packet);
TransportAddress destination_of(Bytes packet);
/// The transport header and what follows.
Bytes transport_of(Bytes packet);
/// `type/code`, or nothing of what is no ICMP.
std::string icmp_of(Bytes packet);

template <class Core>
std::vector<Command> take_commands(Core& core) {
  std::vector<Command> commands;
  while (auto command = core.poll_command()) {
    CHECK(is_right(command->packet));
    commands.push_back(std::move(*command));
  }
  return commands;
}

/// Of a packet, one fragment.
ByteVector fragment6(const ByteVector& whole, std::size_t from, std::size_t length,
                     std::uint32_t identification = 0x12345);

}  // namespace stile::nat::test
