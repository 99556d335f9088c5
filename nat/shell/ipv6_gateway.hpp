#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "nat/shell/arp_responder.hpp"
#include "nat/shell/control_server.hpp"
#include "nat/shell/dns64_server.hpp"
#include "nat/shell/impairment.hpp"
#include "nat/shell/ipv6_setup.hpp"
#include "nat/shell/journal.hpp"
#include "nat/shell/kernel_fence.hpp"
#include "nat/shell/link.hpp"
#include "nat/shell/next_hops.hpp"
#include "nat/shell/offload.hpp"

namespace stile::nat::shell {

/// The running program where there is IPv6 on one side or both: as Gateway, around a Translator.
///
/// Limit: the interfaces' addresses are those of the start.
class Ipv6Gateway {
 public:
  /// From here on the kernel leaves the packets alone. `random` outlives this. Throws Problem.
  Ipv6Gateway(const RunOptions& options, Ipv6Setup setup, Random& random);

  /// Until SIGTERM or SIGINT. SIGHUP opens the log anew.
  void run();
  /// The line on standard output once packets flow.
  std::string describe_ready() const;

 private:
  struct Realm {
    explicit Realm(const Ipv6Realm& setup);
    bool is_left_to_kernel(Bytes packet) const;
    Link link;
    NextHops next_hops;
    std::vector<IpAddress> left_to_kernel;
  };
  enum class Source : std::uint32_t { inside, outside, kernel, arp, control, signals, names };

  Realm& realm(Side side) { return side == Side::inside ? inside_ : outside_; }
  void watch(int fd, Source source);
  void wait_for_input();
  void handle_ready(Source source);
  void handle_packets(Side from);
  void handle_packet(Side from, MutableBytes packet);
  void handle_kernel_news();
  void handle_signals();
  void handle_due();
  void drain();
  void send_copy(Side to, Bytes packet);
  void flush();
  std::string answer(std::string_view command);
  ShellCounters shell_counters() const;

  RunOptions options_;
  Ipv6Setup setup_;
  Descriptor epoll_;
  Descriptor signals_;
  ControlServer control_;
  Journal journal_;
  KernelFence fence_;  ///< before the links: no packet is handled twice
  Realm inside_;
  Realm outside_;
  NetlinkSocket kernel_news_;  ///< neighbours, routes
  std::optional<ArpResponder> arp_;
  std::optional<Dns64Server> names_;
  Impairment impairment_;
  Segmenter segmenter_;
  std::deque<ByteVector> copies_;  ///< sent, not yet flushed
  Instant now_;
  bool stopping_ = false;
};

}  // namespace stile::nat::shell
