#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "nat/core/protocol.hpp"
#include "nat/packet/pcap.hpp"

namespace stile::nat::shell {

struct CaptureOptions {
  std::optional<std::string> files[2];  ///< by side
  std::uint32_t megabytes = 64;         ///< of each file, at most
};

/// `--pcap-inside FILE`, `--pcap-outside FILE`: the packets of either side as they come and go
/// there, so that both files show one packet before and after its translation.
class Capture {
 public:
  /// Throws Problem.
  explicit Capture(const CaptureOptions& options);

  void add(Instant now, Side side, Bytes packet);
  /// So that it can be read meanwhile.
  void flush();
  /// Packets for which a file had no room left.
  std::uint64_t packets_left_out() const { return left_out_; }

 private:
  std::optional<PcapWriter>& of(Side side) { return writers_[static_cast<std::size_t>(side)]; }
  const std::optional<PcapWriter>& of(Side side) const {
    return writers_[static_cast<std::size_t>(side)];
  }

  std::uint64_t limit_;
  Duration to_wall_time_;
  std::optional<PcapWriter> writers_[2];
  std::uint64_t left_out_ = 0;
};

}  // namespace stile::nat::shell
