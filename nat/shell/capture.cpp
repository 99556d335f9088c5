#include "nat/shell/capture.hpp"

#include <chrono>

#include "nat/shell/clock.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

Duration since_1970() {
  return std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch());
}

}  // namespace

Capture::Capture(const CaptureOptions& options)
    : limit_(std::uint64_t{options.megabytes} << 20),
      to_wall_time_(since_1970() - read_clock().time_since_epoch()) {
  for (const Side side : {Side::inside, Side::outside}) {
    const auto& file = options.files[static_cast<std::size_t>(side)];
    if (file && !of(side).emplace(*file).is_open())
      throw Problem(with_errno("opening the capture " + *file));
  }
}

void Capture::add(Instant now, Side side, Bytes packet) {
  std::optional<PcapWriter>& writer = of(side);
  if (!writer) return;
  if (writer->size() + PcapWriter::size_of(packet) > limit_)
    ++left_out_;
  else
    writer->write(now + to_wall_time_, packet);
}

void Capture::flush() {
  for (std::optional<PcapWriter>& writer : writers_)
    if (writer) writer->flush();
}

}  // namespace stile::nat::shell
