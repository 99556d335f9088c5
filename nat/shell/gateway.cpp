#include "nat/shell/gateway.hpp"

#include <algorithm>

#include "nat/shell/signals.hpp"
#include "nat/shell/state_file.hpp"

namespace stile::nat::shell {

Gateway::Gateway(const RunOptions& options, Setup setup, Random& random)
    : options_(options),
      signals_(take_signals()),
      control_(options.control, [this](std::string_view command) { return answer(command); }),
      journal_(options, setup.nat),
      attachment_("stile-nat-" + options.inside + "-" + options.outside, setup.placement),
      impairment_(options.impairment, random),
      translator_(std::move(setup.translator)) {
  loop_.watch(control_.fd(), [this] { control_.handle_ready(); });
  loop_.watch(signals_.get(), [this] { handle_signals(); });
  start_services();
  if (options.state)
    for (const SessionInfo& session : read_state(*options.state))
      translator_->restore(loop_.now(), session);
  drain();
  attachment_.start(loop_, {[this](Side from, std::span<const ReceivedPacket> packets) {
                              handle_packets(from, packets);
                            },
                            [this] { follow_addresses(); }});
}

void Gateway::start_services() {
  services_ = translator_->start_services(loop_.now());
  for (Service* service : services_) {
    loop_.watch(service->fd(), [this, service] {
      service->handle_ready(loop_.now());
      drain();
    });
    service->handle_due(loop_.now());
  }
}

std::string Gateway::describe_ready() const {
  return shell::describe_ready(translator_->describe_purpose(), options_);
}

void Gateway::run() {
  while (!stopping_) {
    loop_.wait(next_wake());
    handle_due();
    flush();
    journal_.flush();
  }
  if (options_.state) write_state(*options_.state, translator_->describe_sessions(loop_.now()));
}

Instant Gateway::next_wake() const {
  Instant wake = std::min(translator_->poll_timeout(), impairment_.poll_timeout());
  for (const Service* service : services_) wake = std::min(wake, service->poll_timeout());
  return wake;
}

void Gateway::handle_packets(Side from, std::span<const ReceivedPacket> packets) {
  for (const ReceivedPacket& received : packets) {
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

void Gateway::handle_packet(Side from, MutableBytes packet) {
  const Verdict verdict = translator_->handle_packet(loop_.now(), from, packet);
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
  drain();
}

void Gateway::handle_due() {
  const Instant now = loop_.now();
  for (Service* service : services_) service->handle_due(now);
  if (translator_->poll_timeout() <= now) translator_->handle_timeout(now);
  drain();
  while (const auto released = impairment_.poll_packet(now))
    send_copy(released->to, released->packet);
}

void Gateway::drain() {
  while (const auto command = translator_->poll_command()) {
    if (impairment_.handle_packet(loop_.now(), command->side, command->packet) ==
        Impairment::Fate::pass)
      send_copy(command->side, command->packet);
  }
  while (const auto event = translator_->poll_event()) journal_.add(*event);
}

/// `packet` has headroom and lives until flush().
void Gateway::transmit(Side to, MutableBytes packet) {
  if (impairment_.handle_packet(loop_.now(), to, packet) == Impairment::Fate::pass)
    attachment_.send(loop_.now(), to, packet);
}

void Gateway::send_copy(Side to, Bytes packet) {
  ByteVector& copy = copies_.emplace_back(frame_headroom + packet.size());
  std::ranges::copy(packet, copy.begin() + frame_headroom);
  attachment_.send(loop_.now(), to, MutableBytes(copy).subspan(frame_headroom));
}

void Gateway::flush() {
  attachment_.flush();
  copies_.clear();
}

void Gateway::follow_addresses() {
  if (const auto placement = translator_->follow_addresses(loop_.now()))
    attachment_.follow(*placement);
  drain();
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
  if (command == "list") return translator_->describe_sessions(loop_.now());
  if (command == "show") return with_shell_setup(translator_->describe_setup(), options_);
  if (command == "stats")
    return with_shell_counters(translator_->describe_counters(), shell_counters());
  if (auto events = journal_.answer(command)) return *events;
  if (command != "flush")
    return describe_error("the command is none of list, show, flush, stats, watch");
  const std::size_t ended = translator_->flush(loop_.now());
  drain();
  return describe_flush(ended);
}

ShellCounters Gateway::shell_counters() const {
  ShellCounters counters;
  counters.inside = attachment_.counters(Side::inside);
  counters.outside = attachment_.counters(Side::outside);
  counters.impairment = impairment_.counters();
  journal_.count_losses(counters);
  return counters;
}

}  // namespace stile::nat::shell
