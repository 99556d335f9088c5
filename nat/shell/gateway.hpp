#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nat/shell/attachment.hpp"
#include "nat/shell/capture.hpp"
#include "nat/shell/control_server.hpp"
#include "nat/shell/event_loop.hpp"
#include "nat/shell/impairment.hpp"
#include "nat/shell/journal.hpp"
#include "nat/shell/offload.hpp"
#include "nat/shell/reports.hpp"
#include "nat/shell/setup.hpp"
#include "nat/shell/state_keeper.hpp"

namespace stile::nat::shell {

/// The running program: feeds a translator with packets and time, and sends what it says. One
/// thread, one loop.
class Gateway {
 public:
  /// The options as they are now. Throws Problem.
  using Reread = std::function<RunOptions()>;

  /// From here on the kernel leaves the packets alone. `random` outlives this. Throws Problem.
  Gateway(const RunOptions& options, Setup setup, Random& random, Reread reread);

  /// Until SIGTERM or SIGINT. SIGHUP opens the log anew, and reads the configuration file again.
  void run();
  /// The line on standard output once packets flow.
  std::string describe_ready() const;

 private:
  void start_services();
  void take_up_state();
  Instant next_wake() const;
  void handle_packets(Side from, std::span<const ReceivedPacket> packets);
  void prefetch(Side from, std::span<const ReceivedPacket> batch);
  void handle_packet(Side from, MutableBytes packet);
  void handle_due();
  void handle_signals();
  void reload();
  void change_to(const RunOptions& wanted);
  void follow_interfaces();
  void drain();
  void transmit(Side to, MutableBytes packet);
  void send_copy(Side to, Bytes packet);
  void send(Side to, MutableBytes packet);
  void flush();
  std::string answer(std::string_view command);
  std::string describe_setup() const;
  std::string save();
  ShellCounters shell_counters() const;

  RunOptions options_;
  Reread reread_;
  EventLoop loop_;
  Descriptor signals_;
  ControlServer control_;
  Journal journal_;
  std::unique_ptr<Attachment> attachment_;
  Impairment impairment_;
  Capture capture_;
  std::unique_ptr<Translator> translator_;
  std::vector<Service*> services_;  ///< the translator's
  std::optional<StateKeeper> state_;
  Segmenter segmenter_;
  std::optional<std::uint16_t> segment_limit_;
  std::uint64_t segment_sizes_lowered_ = 0;
  std::vector<Bytes> packets_;     ///< of the batch that has come in
  std::deque<ByteVector> copies_;  ///< sent, not yet flushed
  bool stopping_ = false;
};

}  // namespace stile::nat::shell
