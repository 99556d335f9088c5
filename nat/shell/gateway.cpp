#include "nat/shell/gateway.hpp"

#include <linux/rtnetlink.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "nat/packet/ipv4.hpp"
#include "nat/shell/clock.hpp"
#include "nat/shell/problem.hpp"
#include "nat/shell/signals.hpp"
#include "nat/shell/state_file.hpp"

namespace stile::nat::shell {

namespace {

std::vector<FencedInterface> fenced_interfaces(const Setup& setup) {
  return {{setup.inside.interface.index, setup.inside.left_to_kernel},
          {setup.outside.interface.index, setup.outside.left_to_kernel}};
}

}  // namespace

Gateway::Realm::Realm(const RealmSetup& setup)
    : link(setup.interface),
      next_hops(link, setup.interface.index),
      left_to_kernel(setup.left_to_kernel) {}

Gateway::Gateway(const RunOptions& options, Setup setup, Random& random)
    : options_(options),
      setup_(std::move(setup)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      signals_(take_signals()),
      control_(options.control, [this](std::string_view command) { return answer(command); }),
      journal_(options, setup_.nat),
      fence_("stile-nat-" + options.inside + "-" + options.outside, fenced_interfaces(setup_)),
      inside_(setup_.inside),
      outside_(setup_.outside),
      kernel_news_(NETLINK_ROUTE, NextHops::notification_groups | RTMGRP_IPV4_IFADDR),
      impairment_(options.impairment, random),
      nat_(setup_.nat, random),
      now_(read_clock()) {
  watch(inside_.link.fd(), Source::inside);
  watch(outside_.link.fd(), Source::outside);
  watch(kernel_news_.fd(), Source::kernel);
  watch(control_.fd(), Source::control);
  watch(signals_.get(), Source::signals);
  start_port_mapping();
  if (options.state)
    for (const SessionInfo& session : read_state(*options.state)) nat_.restore(now_, session);
  drain_core();
  start_health_checks();
  if (setup_.proxied.empty()) return;
  arp_.emplace(setup_.outside.interface, setup_.proxied);
  watch(arp_->fd(), Source::arp);
  arp_->announce();
}

void Gateway::start_health_checks() {
  if (setup_.nat.balancers.empty() || options_.health_interval == Duration::zero()) return;
  health_.emplace(setup_.nat.balancers, options_.health_interval,
                  [this](const TransportAddress& server, bool is_well) {
                    nat_.set_server_well(now_, server, is_well);
                  });
  watch(health_->fd(), Source::health);
  health_->handle_timeout(now_);
}

void Gateway::watch(int fd, Source source) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = static_cast<std::uint32_t>(source);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw Problem(with_errno("epoll"));
}

void Gateway::start_port_mapping() {
  const PortMappingOptions& wanted = options_.port_mapping;
  const Interface& inside = setup_.inside.interface;
  if (wanted.servers.pcp || wanted.servers.nat_pmp) {
    port_control_.emplace(wanted.servers, inside, nat_, now_);
    watch(port_control_->fd(), Source::port_control);
  }
  if (!wanted.upnp) return;
  upnp_.emplace(inside, wanted.upnp_port, !wanted.upnp_for_others, nat_, now_);
  watch(upnp_->fd(), Source::upnp);
}

void Gateway::run() {
  while (!stopping_) {
    wait_for_input();
    handle_due();
    flush();
    journal_.flush();
  }
  if (options_.state) write_state(*options_.state, describe_sessions(nat_, now_));
}

Instant Gateway::next_wake() const {
  Instant wake = std::min(nat_.poll_timeout(), impairment_.poll_timeout());
  if (port_control_) wake = std::min(wake, port_control_->poll_timeout());
  if (upnp_) wake = std::min(wake, upnp_->poll_timeout());
  if (health_) wake = std::min(wake, health_->poll_timeout());
  return wake;
}

void Gateway::wait_for_input() {
  const Instant wake = next_wake();
  const auto left =
      std::max(Duration::zero(), wake == never ? Duration::zero() : wake - read_clock());
  const timespec timeout{left.count() / 1'000'000, left.count() % 1'000'000 * 1000};
  std::array<epoll_event, 8> events;
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   wake == never ? nullptr : &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw Problem(with_errno("epoll"));
  now_ = read_clock();
  for (int i = 0; i < count; ++i)
    handle_ready(static_cast<Source>(events[static_cast<std::size_t>(i)].data.u32));
}

void Gateway::handle_ready(Source source) {
  switch (source) {
    case Source::inside:
      return handle_packets(Side::inside);
    case Source::outside:
      return handle_packets(Side::outside);
    case Source::kernel:
      return handle_kernel_news();
    case Source::arp:
      return arp_->handle_readable();
    case Source::control:
      return control_.handle_ready();
    case Source::signals:
      return handle_signals();
    case Source::port_control:
    case Source::upnp:
      return handle_port_mapping(source);
    case Source::health:
      health_->handle_ready();
      return drain_core();
  }
}

void Gateway::handle_packets(Side from) {
  const std::span<const ReceivedPacket> batch = realm(from).link.receive();
  prefetch(from, batch);
  for (const ReceivedPacket& received : batch) {
    if (!is_bundle(received.offload)) {
      handle_packet(from, received.packet);
      continue;
    }
    for (const MutableBytes segment : segmenter_.cut(received.offload, received.packet))
      handle_packet(from, segment);
    // The segments live until the next bundle is cut.
    flush();
  }
  flush();
}

void Gateway::prefetch(Side from, std::span<const ReceivedPacket> batch) {
  packets_.clear();
  for (const ReceivedPacket& received : batch) packets_.emplace_back(received.packet);
  nat_.prefetch(from, packets_);
}

void Gateway::handle_packet(Side from, MutableBytes packet) {
  const auto destination = IpAddress::v4(Ipv4View::parse(packet)->destination());
  if (std::ranges::count(realm(from).left_to_kernel, destination) != 0) return;
  const Verdict verdict = nat_.handle_packet(now_, from, packet);
  switch (verdict.action) {
    case Action::drop:
    case Action::hold:
      break;
    case Action::send_inside:
      transmit(Side::inside, verdict.packet);
      break;
    case Action::send_outside:
      transmit(Side::outside, verdict.packet);
      break;
  }
  drain_core();
}

void Gateway::handle_port_mapping(Source source) {
  if (source == Source::port_control)
    port_control_->handle_readable(now_);
  else
    upnp_->handle_ready(now_);
  drain_core();
}

/// RFC 6887 §8.5: clients are told that their mappings are gone.
void Gateway::handle_state_loss() {
  if (port_control_) port_control_->handle_state_loss(now_);
}

void Gateway::handle_due() {
  if (port_control_) port_control_->handle_due(now_);
  if (upnp_) upnp_->handle_due(now_);
  if (nat_.poll_timeout() <= now_) {
    nat_.handle_timeout(now_);
    drain_core();
  }
  if (health_ && health_->poll_timeout() <= now_) {
    health_->handle_timeout(now_);
    drain_core();
  }
  while (const auto released = impairment_.poll_packet(now_))
    send_copy(released->to, released->packet);
}

void Gateway::drain_core() {
  while (const auto command = nat_.poll_command()) {
    if (impairment_.handle_packet(now_, command->side, command->packet) == Impairment::Fate::pass)
      send_copy(command->side, command->packet);
  }
  while (const auto event = nat_.poll_event()) journal_.add(*event);
}

/// `packet` has headroom and lives until flush().
void Gateway::transmit(Side to, MutableBytes packet) {
  if (impairment_.handle_packet(now_, to, packet) == Impairment::Fate::pass)
    realm(to).next_hops.send(now_, packet);
}

void Gateway::send_copy(Side to, Bytes packet) {
  ByteVector& copy = copies_.emplace_back(frame_headroom + packet.size());
  std::ranges::copy(packet, copy.begin() + frame_headroom);
  realm(to).next_hops.send(now_, MutableBytes(copy).subspan(frame_headroom));
}

void Gateway::flush() {
  inside_.link.flush();
  outside_.link.flush();
  copies_.clear();
}

void Gateway::handle_kernel_news() {
  bool addresses_changed = false;
  const bool complete = kernel_news_.receive([&](const NetlinkMessage& message) {
    inside_.next_hops.handle_notification(message);
    outside_.next_hops.handle_notification(message);
    addresses_changed |= message.type == RTM_NEWADDR || message.type == RTM_DELADDR;
  });
  if (!complete || addresses_changed) {
    inside_.next_hops.forget_all();
    outside_.next_hops.forget_all();
    follow_addresses();
  }
}

/// Masquerade: the external addresses are those that the outside interface has now, unless they
/// were given. Throws Problem if an interface is gone.
void Gateway::follow_addresses() {
  setup_ = make_setup_again(options_);
  fence_.replace(fenced_interfaces(setup_));
  inside_.left_to_kernel = setup_.inside.left_to_kernel;
  outside_.left_to_kernel = setup_.outside.left_to_kernel;
  if (setup_.nat.external == nat_.config().external) return;
  nat_.set_external(now_, setup_.nat.external);
  handle_state_loss();
  drain_core();
}

void Gateway::handle_signals() {
  for (const int signal : read_signals(signals_)) {
    if (signal == SIGHUP)
      journal_.reopen();
    else
      stopping_ = true;
  }
}

std::string Gateway::answer(std::string_view command) {
  if (command == "list") return describe_sessions(nat_, now_);
  if (command == "show") return describe_setup(setup_, options_);
  if (command == "stats") return describe_counters(nat_, shell_counters());
  if (auto events = journal_.answer(command)) return *events;
  if (command != "flush")
    return describe_error("the command is none of list, show, flush, stats, watch");
  const std::size_t mappings = nat_.mapping_count();
  nat_.flush(now_);
  handle_state_loss();
  drain_core();
  return describe_flush(mappings);
}

ShellCounters Gateway::shell_counters() const {
  ShellCounters counters;
  counters.inside = {inside_.link.counters(), inside_.next_hops.counters()};
  counters.outside = {outside_.link.counters(), outside_.next_hops.counters()};
  counters.impairment = impairment_.counters();
  journal_.count_losses(counters);
  if (port_control_) counters.port_control = port_control_->counters();
  return counters;
}

}  // namespace stile::nat::shell
