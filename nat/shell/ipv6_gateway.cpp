#include "nat/shell/ipv6_gateway.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "nat/packet/ipv4.hpp"
#include "nat/shell/clock.hpp"
#include "nat/shell/problem.hpp"
#include "nat/shell/reports.hpp"
#include "nat/shell/signals.hpp"

namespace stile::nat::shell {

Ipv6Gateway::Realm::Realm(const Ipv6Realm& setup)
    : link(setup.interface, setup.family),
      next_hops(link, setup.interface.index, setup.family),
      left_to_kernel(setup.left_to_kernel) {}

bool Ipv6Gateway::Realm::is_left_to_kernel(Bytes packet) const {
  const auto ipv4 = Ipv4View::parse(packet);
  return ipv4 && std::ranges::count(left_to_kernel, IpAddress::v4(ipv4->destination())) != 0;
}

Ipv6Gateway::Ipv6Gateway(const RunOptions& options, Ipv6Setup setup, Random& random)
    : options_(options),
      setup_(std::move(setup)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      signals_(take_signals()),
      control_(options.control, [this](std::string_view command) { return answer(command); }),
      journal_(options, options.nat),
      fence_("stile-nat-" + options.inside + "-" + options.outside, setup_.fenced_ipv4,
             setup_.fenced_ipv6),
      inside_(setup_.inside),
      outside_(setup_.outside),
      kernel_news_(NETLINK_ROUTE, NextHops::notification_groups),
      impairment_(options.impairment, random),
      now_(read_clock()) {
  watch(inside_.link.fd(), Source::inside);
  watch(outside_.link.fd(), Source::outside);
  watch(kernel_news_.fd(), Source::kernel);
  watch(control_.fd(), Source::control);
  watch(signals_.get(), Source::signals);
  if (options.ipv6.dns64) {
    names_.emplace(setup_.inside.interface.ipv6_addresses.front(), *options.ipv6.dns64,
                   *options.ipv6.nat64, random);
    watch(names_->fd(), Source::names);
  }
  if (setup_.proxied.empty()) return;
  arp_.emplace(setup_.outside.interface, setup_.proxied);
  watch(arp_->fd(), Source::arp);
  arp_->announce();
}

std::string Ipv6Gateway::describe_ready() const {
  auto json = nlohmann::ordered_json{{"ready", true},
                                     {"inside", options_.inside},
                                     {"outside", options_.outside},
                                     {"control", options_.control}};
  json.update(nlohmann::ordered_json::parse(setup_.description));
  return json.dump();
}

void Ipv6Gateway::watch(int fd, Source source) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = static_cast<std::uint32_t>(source);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) throw Problem(with_errno("epoll"));
}

void Ipv6Gateway::run() {
  while (!stopping_) {
    wait_for_input();
    handle_due();
    flush();
    journal_.flush();
  }
}

void Ipv6Gateway::wait_for_input() {
  const Instant wake = std::min({setup_.translator->poll_timeout(), impairment_.poll_timeout(),
                                 names_ ? names_->poll_timeout() : never});
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

void Ipv6Gateway::handle_ready(Source source) {
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
    case Source::names:
      return names_->handle_ready(now_);
  }
}

void Ipv6Gateway::handle_packets(Side from) {
  for (const ReceivedPacket& received : realm(from).link.receive()) {
    if (!is_bundle(received.offload)) {
      handle_packet(from, received.packet);
      continue;
    }
    for (const MutableBytes segment : segmenter_.cut(received.offload, received.packet))
      handle_packet(from, segment);
  }
  flush();
}

void Ipv6Gateway::handle_packet(Side from, MutableBytes packet) {
  if (realm(from).is_left_to_kernel(packet)) return;
  setup_.translator->handle_packet(now_, from, packet);
  drain();
}

void Ipv6Gateway::handle_due() {
  if (setup_.translator->poll_timeout() <= now_) {
    setup_.translator->handle_timeout(now_);
    drain();
  }
  if (names_) names_->handle_timeout(now_);
  while (const auto released = impairment_.poll_packet(now_))
    send_copy(released->to, released->packet);
}

void Ipv6Gateway::drain() {
  while (const auto command = setup_.translator->poll_command()) {
    if (impairment_.handle_packet(now_, command->side, command->packet) == Impairment::Fate::pass)
      send_copy(command->side, command->packet);
  }
  while (const auto event = setup_.translator->poll_event()) journal_.add(*event);
}

void Ipv6Gateway::send_copy(Side to, Bytes packet) {
  ByteVector& copy = copies_.emplace_back(frame_headroom + packet.size());
  std::ranges::copy(packet, copy.begin() + frame_headroom);
  realm(to).next_hops.send(now_, MutableBytes(copy).subspan(frame_headroom));
}

void Ipv6Gateway::flush() {
  inside_.link.flush();
  outside_.link.flush();
  copies_.clear();
}

void Ipv6Gateway::handle_kernel_news() {
  const bool complete = kernel_news_.receive([&](const NetlinkMessage& message) {
    inside_.next_hops.handle_notification(message);
    outside_.next_hops.handle_notification(message);
  });
  if (complete) return;
  inside_.next_hops.forget_all();
  outside_.next_hops.forget_all();
}

void Ipv6Gateway::handle_signals() {
  for (const int signal : read_signals(signals_)) {
    if (signal == SIGHUP)
      journal_.reopen();
    else
      stopping_ = true;
  }
}

std::string Ipv6Gateway::answer(std::string_view command) {
  if (command == "list") return setup_.translator->describe_sessions(now_);
  if (command == "show") return describe_translator_setup(setup_.description, options_);
  if (auto events = journal_.answer(command)) return *events;
  if (command == "stats")
    return describe_translator_counters(setup_.translator->describe_counters(), shell_counters());
  if (command != "flush")
    return describe_error("the command is none of list, show, flush, stats, watch");
  const std::size_t mappings = setup_.translator->flush(now_);
  drain();
  return describe_flush(mappings);
}

ShellCounters Ipv6Gateway::shell_counters() const {
  ShellCounters counters;
  counters.inside = {inside_.link.counters(), inside_.next_hops.counters()};
  counters.outside = {outside_.link.counters(), outside_.next_hops.counters()};
  counters.impairment = impairment_.counters();
  journal_.count_losses(counters);
  return counters;
}

}  // namespace stile::nat::shell
