#pragma once

#include <cstdint>
#include <fstream>
#include <string>

#include "stile/base/bytes.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat {

/// Writes packets as a pcap file that Wireshark reads (link type RAW: each begins with its IP
/// header).
class PcapWriter {
 public:
  explicit PcapWriter(const std::string& path);
  bool is_open() const { return file_.is_open(); }
  /// `when`: since 1970, or since a simulation began.
  void write(Instant when, Bytes packet);
  void flush() { file_.flush(); }
  /// Bytes written.
  std::uint64_t size() const { return size_; }
  static std::size_t size_of(Bytes packet) { return packet_header + packet.size(); }

 private:
  static constexpr std::size_t packet_header = 16;

  void put_u32(std::uint32_t value);
  void put(Bytes bytes);

  std::ofstream file_;
  std::uint64_t size_ = 0;
};

}  // namespace stile::nat
