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
  ByteVector processed;               ///< as they go back in a response
};

/// `bytes` are what follows the payload, a multiple of 4. Peers are of `family`.
std::expected<Options, Result> read_options(Bytes bytes, Opcode opcode, Family family);

}  // namespace stile::nat::portmap::pcp
