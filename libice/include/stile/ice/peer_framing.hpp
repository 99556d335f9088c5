#pragma once

#include <algorithm>
#include <optional>

#include "stile/base/bytes.hpp"

// RFC 4571 §2: on a stream between peers each message has its length in front, in two bytes.

namespace stile::ice {

inline constexpr std::size_t frame_header_size = 2;
inline constexpr std::size_t longest_framed_message = 65'535;

/// The message that the stream begins with, if all of it is there.
template <class View>
std::optional<View> framed_message(View stream) {
  if (stream.size() < frame_header_size) return std::nullopt;
  const std::size_t size = load_u16(stream.data());
  if (stream.size() - frame_header_size < size) return std::nullopt;
  return stream.subspan(frame_header_size, size);
}

/// `message` is no longer than longest_framed_message.
inline ByteVector frame_of(Bytes message) {
  ByteVector frame(frame_header_size + message.size());
  store_u16(frame.data(), static_cast<std::uint16_t>(message.size()));
  std::ranges::copy(message, frame.begin() + frame_header_size);
  return frame;
}

}  // namespace stile::ice
