#include "nat/packet/pcap.hpp"

namespace stile::nat {

namespace {
constexpr std::uint32_t magic = 0xa1b2c3d4;  ///< big-endian here; microseconds
constexpr std::uint32_t version_2_4 = 2u << 16 | 4;
constexpr std::uint32_t longest_packet = 65535;
constexpr std::uint32_t link_type_raw = 101;
}  // namespace

PcapWriter::PcapWriter(const std::string& path) : file_(path, std::ios::binary) {
  for (const std::uint32_t word : {magic, version_2_4, 0u, 0u, longest_packet, link_type_raw})
    put_u32(word);
}

void PcapWriter::write(Instant when, Bytes packet) {
  const auto microseconds = when.time_since_epoch().count();
  const auto size = static_cast<std::uint32_t>(packet.size());
  put_u32(static_cast<std::uint32_t>(microseconds / 1'000'000));
  put_u32(static_cast<std::uint32_t>(microseconds % 1'000'000));
  put_u32(size);
  put_u32(size);
  put(packet);
}

void PcapWriter::put_u32(std::uint32_t value) {
  std::uint8_t bytes[4];
  store_u32(bytes, value);
  put(bytes);
}

void PcapWriter::put(Bytes bytes) {
  file_.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  size_ += bytes.size();
}

}  // namespace stile::nat
