#include "stile/stun/stream_framing.hpp"

#include <catch2/catch.hpp>

#include "stile/stun/channel_data.hpp"
#include "tests/unit/stun/vectors.hpp"

using namespace stile;
using namespace stile::stun;
using namespace stile::stun::test;

namespace {

/// ChannelData as it goes over a stream: padded to four bytes.
ByteVector channel_data(std::size_t length) {
  ByteVector bytes(4 + (length + 3) / 4 * 4, 0x55);
  ChannelData::write_header(bytes.data(), ChannelNumber{0x4001}, length);
  return bytes;
}

/// Feeds a stream piece by piece, and takes the messages out as a server does.
struct Stream {
  ByteVector buffered;
  std::vector<ByteVector> messages;
  bool broken = false;

  void take(Bytes piece) {
    buffered.insert(buffered.end(), piece.begin(), piece.end());
    for (;;) {
      const ByteVector exact = buffered;
      const Frame frame = next_frame(exact);
      broken = frame.status == Frame::Status::broken;
      if (frame.status != Frame::Status::complete) return;
      REQUIRE(frame.size_on_stream <= buffered.size());
      REQUIRE(frame.message_size <= frame.size_on_stream);
      messages.push_back(copy_of(Bytes(buffered).first(frame.message_size)));
      buffered.erase(buffered.begin(),
                     buffered.begin() + static_cast<std::ptrdiff_t>(frame.size_on_stream));
    }
  }
};

}  // namespace

TEST_CASE("stun: messages on a stream cut in two at any byte",
          "[stun][rfc8489-6.2.2][rfc8656-12.5]") {
  ByteVector stream;
  std::vector<ByteVector> expected;
  const auto append = [&](const ByteVector& on_stream, std::size_t size) {
    stream.insert(stream.end(), on_stream.begin(), on_stream.end());
    expected.push_back(copy_of(Bytes(on_stream).first(size)));
  };
  for (const ByteVector& message : sample_messages()) append(message, message.size());
  for (const std::size_t length : {0, 1, 2, 3, 4, 5}) append(channel_data(length), 4 + length);
  append(sample_request(), sample_request().size());

  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Stream reader;
    reader.take(Bytes(stream).first(cut));
    reader.take(Bytes(stream).subspan(cut));
    INFO("cut at " << cut);
    CHECK(reader.messages == expected);
    CHECK(reader.buffered.empty());
  }
  Stream by_bytes;
  for (const std::uint8_t& byte : stream) by_bytes.take({&byte, 1});
  CHECK(by_bytes.messages == expected);
}

TEST_CASE("stun: a stream that begins with neither STUN nor ChannelData is broken",
          "[stun][rfc8656-12.5]") {
  for (const char* start : {"80", "c0", "ff 01 02"})
    CHECK(next_frame(hex(start)).status == Frame::Status::broken);
  CHECK(next_frame(hex("00 01 00 03")).status == Frame::Status::broken);
  CHECK(next_frame(hex("00 01 00 00 21 12 a4 43")).status == Frame::Status::broken);
  // TLS is told by the cookie that it lacks.
  CHECK(next_frame(hex("16 03 01 04")).status == Frame::Status::incomplete);
  CHECK(next_frame(hex("16 03 01 04 00 01 00 01")).status == Frame::Status::broken);
}

TEST_CASE("stun: a stream of which little has come is waited for", "[stun][rfc8489-6.2.2]") {
  CHECK(next_frame({}).status == Frame::Status::incomplete);
  CHECK(next_frame(hex("00")).status == Frame::Status::incomplete);
  CHECK(next_frame(hex("40 00 ff ff")).status == Frame::Status::incomplete);
  CHECK(next_frame(hex("00 01 00 00 21 12 a4 42")).status == Frame::Status::incomplete);
}

TEST_CASE("stun: the longest ChannelData is framed", "[stun][rfc8656-12.5]") {
  const Frame frame = next_frame(channel_data(65'535));
  CHECK(frame.status == Frame::Status::complete);
  CHECK(frame.size_on_stream == 65'540);
  CHECK(frame.message_size == 65'539);
}
