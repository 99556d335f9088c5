#pragma once

#include <cstddef>
#include <optional>

#include "stile/base/bytes.hpp"

namespace stile::stun {

/// The length on the stream (padding included) of the STUN message or ChannelData that `stream`
/// begins with (RFC 8489 §6.2.2, RFC 8656 §12.5). A stream that cannot be either is beyond repair
/// and must be closed.
struct Frame {
  enum class Status : unsigned char { complete, incomplete, broken } status;
  std::size_t size_on_stream =
      0;  ///< bytes to consume when complete; what is incomplete tells it from 4 bytes on
  std::size_t message_size =
      0;  ///< when complete: bytes of the message, without ChannelData's padding
};
Frame next_frame(Bytes stream);

}  // namespace stile::stun
