#include "stile/stun/stream_framing.hpp"

#include "stile/stun/channel_data.hpp"
#include "stile/stun/message_type.hpp"

namespace stile::stun {

Frame next_frame(Bytes stream) {
  if (stream.empty()) return {Frame::Status::incomplete};
  const bool message = (stream[0] & 0xc0) == 0;
  if (!message && (stream[0] & 0xc0) != 0x40) return {Frame::Status::broken};
  if (stream.size() < 4) return {Frame::Status::incomplete};

  const std::size_t length = load_u16(stream.data() + 2);
  if (message && length % 4 != 0) return {Frame::Status::broken};
  if (message && stream.size() >= 8 && load_u32(stream.data() + 4) != magic_cookie)
    return {Frame::Status::broken};

  const std::size_t size = (message ? header_size : channel_data_header_size) + length;
  const std::size_t on_stream = (size + 3) & ~std::size_t{3};
  if (stream.size() < on_stream) return {Frame::Status::incomplete, on_stream};
  return {Frame::Status::complete, on_stream, size};
}

}  // namespace stile::stun
