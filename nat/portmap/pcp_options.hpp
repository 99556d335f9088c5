#pragma once

#include <expected>
#include <optional>
#include <vector>

#include "nat/portmap/pcp_message.hpp"

namespace stile::nat::portmap::pcp {

/// RFC 6887 §13. What a request asks for beside its payload.
struct Options {
  std::optional<IpAddress> third_party;
  bool prefer_failure = false;
  bool has_filter = false;
  bool removes_filters = false;       ///< those of before
  std::vector<RemoteFilter> filters;  ///< after the last removal
  bool asks_prefix64 = false;         ///< RFC 7225
  ByteVector processed;               ///< as they go back in a response
};

/// `bytes` are what follows the payload, a multiple of 4. Peers are of `family`.
std::expected<Options, Result> read_options(Bytes bytes, Opcode opcode, Family family);

/// RFC 7225 §4.1: how a NAT64 makes IPv6 addresses of IPv4 ones; `prefix` is as RFC 6052 §2.2 has
/// it. The suffix is null.
ByteVector make_prefix64_option(const IpPrefix& prefix);

}  // namespace stile::nat::portmap::pcp
