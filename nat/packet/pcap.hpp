#pragma once

#include <fstream>
#include <string>

#include "stile/base/bytes.hpp"
#include "stile/base/instant.hpp"

namespace stile::sim {

/// Writes packets as a pcap file that Wireshark reads (link type RAW: each begins with its IP
/// header).
class PcapWriter {
 public:
  explicit PcapWriter(const std::string& path);
  bool is_open() const { return file_.is_open(); }
  void write(Instant when, Bytes packet);

 private:
  void put_u32(std::uint32_t value);
  std::ofstream file_;
};

}  // namespace stile::sim
