#include "stile/stun/channel_data.hpp"

namespace stile::stun {

std::optional<ChannelData> ChannelData::parse(Bytes datagram) {
  if (datagram.size() < channel_data_header_size) return std::nullopt;
  const ChannelNumber channel{load_u16(datagram.data())};
  const std::size_t length = load_u16(datagram.data() + 2);
  if (!channel.framed() || channel_data_header_size + length > datagram.size()) return std::nullopt;
  return ChannelData{channel, datagram.subspan(channel_data_header_size, length)};
}

void ChannelData::write_header(std::uint8_t* at, ChannelNumber channel, std::size_t length) {
  store_u16(at, channel.value);
  store_u16(at + 2, static_cast<std::uint16_t>(length));
}

}  // namespace stile::stun
