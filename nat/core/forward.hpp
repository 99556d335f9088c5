#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nat/core/protocol.hpp"
#include "stile/base/address.hpp"

namespace stile::nat {

/// Ports of an external address that lead to an inside host, whoever writes to them ("static
/// mapping", RFC 8512 §2.2). What the host sends from there appears as the external port, too.
struct Forward {
  Protocol protocol = Protocol::tcp;
  std::optional<IpAddress> external;  ///< none: the first external address, whatever it is
  std::uint16_t external_port = 0;    ///< the first of `count`
  std::uint16_t count = 1;            ///< ports in a row; the n-th leads to the n-th inside
  TransportAddress inside;
  friend bool operator==(const Forward&, const Forward&) = default;
};
/// `tcp:203.0.113.1:80-89=10.0.0.2:8080`
std::string to_string(const Forward& forward);

/// An external address that belongs to one inside host: every protocol and port, in both directions
/// (RFC 2663 §4.1.1, "static" Basic NAT).
struct StaticAddress {
  IpAddress inside;
  IpAddress external;
};
std::string to_string(const StaticAddress& address);

struct Config;
/// What of a configuration's forwards and static addresses contradicts the rest, in one line.
std::optional<std::string> problem_with_static(const Config& config);

}  // namespace stile::nat
