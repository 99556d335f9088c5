#include "server/fastpath/kernel_relay.hpp"

#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>

#include "nat/shell/problem.hpp"
#include "server/fastpath/packet_filters.hpp"

namespace stile::server {

namespace {

using nat::shell::NetlinkMessage;
using nat::shell::NetlinkSocket;
using nat::shell::Problem;

// Limit: flows, of which a channel is two. The server relays what there is no room for.
constexpr std::size_t most_flows = 131'072;
// Filters that do not tell of themselves are looked for so often.
constexpr Duration between_looks = std::chrono::seconds(5);
// Limit: where routes change all the time, flows are put in again so often.
constexpr Duration between_renewals = std::chrono::seconds(1);

constexpr std::uint32_t group(unsigned number) {
  return 1u << (number - 1);
}
constexpr std::uint32_t route_groups = group(RTNLGRP_LINK) | group(RTNLGRP_IPV4_ROUTE) |
                                       group(RTNLGRP_IPV6_ROUTE) | group(RTNLGRP_IPV4_RULE) |
                                       group(RTNLGRP_IPV6_RULE) | group(RTNLGRP_NEXTHOP);

std::optional<NetlinkSocket> filter_changes() {
  try {
    return std::optional<NetlinkSocket>(std::in_place, NETLINK_NETFILTER, group(NFNLGRP_NFTABLES));
  } catch (const Problem&) {
    return std::nullopt;
  }
}

void watch(const control::Descriptor& epoll, int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event);
}

bool has_changed(NetlinkSocket& socket) {
  bool changed = false;
  const bool complete = socket.receive([&](const NetlinkMessage&) { changed = true; });
  return changed || !complete;
}

}  // namespace

std::expected<std::unique_ptr<KernelRelay>, std::string> KernelRelay::start(
    KernelRelayUse use, const relay::PortRange& relay_ports) {
  auto program = KernelProgram::load(most_flows);
  if (!program) return std::unexpected(program.error());
  try {
    return std::unique_ptr<KernelRelay>(new KernelRelay(*std::move(program), use, relay_ports));
  } catch (const Problem& problem) {
    return std::unexpected(problem.what());
  }
}

KernelRelay::KernelRelay(KernelProgram program, KernelRelayUse use,
                         const relay::PortRange& relay_ports)
    : program_(std::move(program)),
      use_(use),
      relay_ports_(relay_ports),
      routes_(NETLINK_ROUTE, route_groups),
      filters_(filter_changes()),
      changes_(epoll_create1(EPOLL_CLOEXEC)) {
  watch(changes_, routes_.fd());
  if (filters_) watch(changes_, filters_->fd());
  look_for_filters({});
  renew();
}

bool KernelRelay::sees(std::uint32_t interface) {
  const std::scoped_lock lock(mutex_);
  const auto known = links_.find(interface);
  if (known != links_.end()) return true;
  control::Descriptor link = program_.attach(interface);
  return link && links_.emplace(interface, std::move(link)).second;
}

bool KernelRelay::look(Instant now) {
  const bool routes_changed = has_changed(routes_);
  const bool rules_changed = filters_ && has_changed(*filters_);
  const bool is_time = now - filters_seen_at_ >= between_looks;
  const bool filters_changed = (rules_changed || is_time) && look_for_filters(now);
  if (routes_changed || filters_changed) renew();
  if (!is_renewed_ || now - renewed_at_ < between_renewals) return false;
  is_renewed_ = false;
  renewed_at_ = now;
  return true;
}

/// Whether that makes a difference.
bool KernelRelay::look_for_filters(Instant now) {
  filters_seen_at_ = now;
  if (use_ == KernelRelayUse::on) return false;
  std::string found = packet_filter().value_or("");
  const bool changed = found.empty() != hindrance_.empty();
  hindrance_ = std::move(found);
  return changed;
}

void KernelRelay::renew() {
  generation_ = hindrance_.empty() ? ++generations_ : 0;
  program_.set({generation_, relay_ports_.first, relay_ports_.last});
  is_renewed_ = true;
}

}  // namespace stile::server
