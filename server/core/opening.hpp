#pragma once

#include "server/core/allocation.hpp"
#include "server/core/port_pool.hpp"

namespace stile::relay {

/// What an Allocate request asks for, after the checks of RFC 8656 §7.2.
struct AllocateWish {
  RelayProtocol protocol = RelayProtocol::udp;
  Family family = Family::ipv4;
  bool additional_ipv6 = false;
  bool is_mobile = false;  ///< RFC 8016
  PortWish port = PortWish::any;
  std::optional<ReservationToken> token;
  std::optional<std::uint16_t> claimed_port;  ///< the port that the token stands for
  Duration lifetime{};
};

/// An Allocate request whose sockets the shell is binding, one after the other. There is never more
/// than one: the shell answers before it gives the next input.
struct Opening {
  /// What the socket asked for last will be.
  enum class Purpose : std::uint8_t { first, additional };

  Asked asked;
  AllocateWish wish;
  std::string user;
  std::optional<Session> session;
  unsigned attempts_left;
  Purpose purpose = Purpose::first;
  RelaySocketId pending;
  std::optional<RelaySocketId> first, additional;
  std::optional<std::uint16_t> next_port;  ///< taken with the first one's, to be reserved
  std::optional<stun::AddressErrorCode> missing_family;

  QuotaHolder holder() const { return {user, network_of(asked.five_tuple.client.ip)}; }
};

}  // namespace stile::relay
