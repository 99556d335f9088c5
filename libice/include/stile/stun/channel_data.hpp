#pragma once

#include <optional>

#include "stile/base/bytes.hpp"

namespace stile::stun {

/// RFC 8656 §12: 0x4000-0x4FFF.
struct ChannelNumber {
  std::uint16_t value = 0;
  constexpr bool valid() const { return value >= 0x4000 && value <= 0x4fff; }
  /// 0x4000-0x7FFF, the range of RFC 5766 §11, whose clients are still about: what the framing
  /// tells from STUN.
  constexpr bool framed() const { return value >= 0x4000 && value <= 0x7fff; }
  friend constexpr auto operator<=>(ChannelNumber, ChannelNumber) = default;
};

inline constexpr std::size_t channel_data_header_size = 4;

/// RFC 8656 §12.4:
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     |         Channel Number        |            Length             |
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
///     /                       Application Data                        /
///     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
struct ChannelData {
  ChannelNumber channel;
  Bytes data;

  /// Nothing if the channel number is not framed() or the length passes the end. Bytes after the
  /// data are padding (RFC 8656 §12.5) and are ignored.
  static std::optional<ChannelData> parse(Bytes datagram);
  static void write_header(std::uint8_t* at, ChannelNumber channel, std::size_t length);
};

}  // namespace stile::stun
