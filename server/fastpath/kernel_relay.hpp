#pragma once

#include <atomic>
#include <map>
#include <mutex>

#include "nat/shell/netlink.hpp"
#include "server/core/config.hpp"
#include "server/fastpath/kernel_relay_use.hpp"
#include "server/fastpath/program.hpp"
#include "stile/base/instant.hpp"

namespace stile::server {

/// The program in the kernel that relays for all workers, and whether it may just now. What it does
/// not relay, the server does.
class KernelRelay {
 public:
  /// Or why there is none.
  static std::expected<std::unique_ptr<KernelRelay>, std::string> start(
      KernelRelayUse use, const relay::PortRange& relay_ports);

  // For any thread.

  /// Flows that were put in under another one do not count. 0: none does.
  std::uint32_t generation() const { return generation_; }
  /// Whether what comes by the interface is seen.
  bool sees(std::uint32_t interface);
  const KernelProgram& program() const { return program_; }

  // For the thread that has started it.

  /// Readable when look() has something to see.
  int fd() const { return changes_.get(); }
  /// Routes, interfaces and packet filters may have changed. From then on all flows are out of
  /// date. True: they may be put in again.
  bool look(Instant now);
  /// Why it relays nothing just now; empty: it does.
  const std::string& hindrance() const { return hindrance_; }

 private:
  KernelRelay(KernelProgram program, KernelRelayUse use, const relay::PortRange& relay_ports);
  bool look_for_filters(Instant now);
  void renew();

  KernelProgram program_;
  KernelRelayUse use_;
  relay::PortRange relay_ports_;
  std::atomic<std::uint32_t> generation_ = 0;
  std::uint32_t generations_ = 0;  ///< how many there have been

  std::mutex mutex_;
  std::map<std::uint32_t, control::Descriptor> links_;  ///< by interface

  nat::shell::NetlinkSocket routes_;
  std::optional<nat::shell::NetlinkSocket> filters_;  ///< nothing where there is no nftables
  control::Descriptor changes_;
  std::string hindrance_;
  Instant filters_seen_at_{}, renewed_at_{};
  bool is_renewed_ = false;  ///< and the workers do not know it
};

}  // namespace stile::server
