#pragma once

#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nat/core/nat.hpp"
#include "nat/shell/arp_responder.hpp"
#include "nat/shell/control_server.hpp"
#include "nat/shell/health_checks.hpp"
#include "nat/shell/impairment.hpp"
#include "nat/shell/journal.hpp"
#include "nat/shell/kernel_fence.hpp"
#include "nat/shell/link.hpp"
#include "nat/shell/next_hops.hpp"
#include "nat/shell/offload.hpp"
#include "nat/shell/port_control.hpp"
#include "nat/shell/reports.hpp"
#include "nat/shell/setup.hpp"
#include "nat/shell/upnp_service.hpp"

namespace stile::nat::shell {

/// The running program: feeds the core with the packets of two interfaces and with time, and sends
/// what it says. One thread, one epoll.
class Gateway {
 public:
  /// From here on the kernel leaves the packets alone. `random` outlives this. Throws Problem.
  Gateway(const RunOptions& options, Setup setup, Random& random);

  /// Until SIGTERM or SIGINT. SIGHUP opens the log anew.
  void run();

 private:
  struct Realm {
    explicit Realm(const RealmSetup& setup);
    Link link;
    NextHops next_hops;
    std::vector<IpAddress> left_to_kernel;
  };
  enum class Source : std::uint32_t {
    inside,
    outside,
    kernel,
    arp,
    control,
    signals,
    port_control,
    upnp,
    health
  };

  Realm& realm(Side side) { return side == Side::inside ? inside_ : outside_; }
  void watch(int fd, Source source);
  void start_port_mapping();
  void wait_for_input();
  void handle_ready(Source source);
  void handle_packets(Side from);
  void prefetch(Side from, std::span<const ReceivedPacket> batch);
  void handle_packet(Side from, MutableBytes packet);
  void handle_port_mapping(Source source);
  void handle_state_loss();
  void handle_kernel_news();
  void follow_addresses();
  void handle_signals();
  void handle_due();
  void drain_core();
  void transmit(Side to, MutableBytes packet);
  void send_copy(Side to, Bytes packet);
  void flush();
  void start_health_checks();
  Instant next_wake() const;
  std::string answer(std::string_view command);
  ShellCounters shell_counters() const;

  RunOptions options_;
  Setup setup_;
  Descriptor epoll_;
  Descriptor signals_;
  ControlServer control_;
  Journal journal_;
  KernelFence fence_;  ///< before the links: no packet is handled twice
  Realm inside_;
  Realm outside_;
  NetlinkSocket kernel_news_;  ///< neighbours, routes, addresses
  std::optional<ArpResponder> arp_;
  std::optional<HealthChecks> health_;
  Impairment impairment_;
  Nat nat_;
  std::optional<PortControl> port_control_;
  std::optional<UpnpService> upnp_;
  Segmenter segmenter_;
  std::vector<Bytes> packets_;     ///< of the batch that has come in
  std::deque<ByteVector> copies_;  ///< sent, not yet flushed
  Instant now_;
  bool stopping_ = false;
};

}  // namespace stile::nat::shell
