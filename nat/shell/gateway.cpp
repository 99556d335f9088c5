#include "nat/shell/gateway.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "nat/packet/segment_size.hpp"
#include "nat/shell/ethernet_attachment.hpp"
#include "nat/shell/problem.hpp"
#include "nat/shell/reload.hpp"
#include "nat/shell/segment_limit.hpp"
#include "nat/shell/signals.hpp"
#include "nat/shell/state_file.hpp"
#include "nat/shell/tun_attachment.hpp"

namespace stile::nat::shell {

namespace {

std::unique_ptr<Attachment> make_attachment(const RunOptions& options, const Placement& placement) {
  if (!options.tun.name.empty()) return std::make_unique<TunAttachment>(placement);
  return std::make_unique<EthernetAttachment>("stile-nat-" + options.inside + "-" + options.outside,
                                              placement, options.packets);
}

}  // namespace

Gateway::Gateway(const RunOptions& options, Setup setup, Random& random, Reread reread)
    : options_(options),
      reread_(std::move(reread)),
      signals_(take_signals()),
      control_(options.control, [this](std::string_view command) { return answer(command); }),
      journal_(options, setup.nat),
      attachment_(make_attachment(options, setup.placement)),
      impairment_(options.impairment, random),
      capture_(options.capture),
      translator_(std::move(setup.translator)),
      segment_limit_(segment_limit(options, setup.placement)) {
  loop_.watch(control_.fd(), [this] { control_.handle_ready(); });
  loop_.watch(signals_.get(), [this] { handle_signals(); });
  start_services();
  take_up_state();
  drain();
  attachment_->start(loop_, {[this](Side from, std::span<const ReceivedPacket> packets) {
                               handle_packets(from, packets);
                             },
                             [this] { follow_interfaces(); }});
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

void Gateway::take_up_state() {
  if (!options_.state) return;
  require_writable(*options_.state);
  const SavedState saved = read_state(*options_.state);
  for (const SavedMapping& mapping : saved.mappings) translator_->restore(loop_.now(), mapping);
  for (const SessionInfo& session : saved.sessions) translator_->restore(loop_.now(), session);
  state_.emplace(*options_.state, options_.state_interval, loop_.now(),
                 [this] { return translator_->describe_sessions(loop_.now()); });
}

std::string Gateway::describe_ready() const {
  return shell::describe_ready(translator_->describe_purpose(), options_);
}

void Gateway::run() {
  try {
    while (!stopping_) {
      loop_.wait(next_wake());
      handle_due();
      flush();
      journal_.flush();
      capture_.flush();
    }
  } catch (const Problem&) {
    // An interface that is gone may come back, and the program with it.
    static_cast<void>(save());
    throw;
  }
  if (state_) state_->save();
}

Instant Gateway::next_wake() const {
  Instant wake = std::min(translator_->poll_timeout(), impairment_.poll_timeout());
  if (state_) wake = std::min(wake, state_->poll_timeout());
  for (const Service* service : services_) wake = std::min(wake, service->poll_timeout());
  return wake;
}

void Gateway::handle_packets(Side from, std::span<const ReceivedPacket> packets) {
  prefetch(from, packets);
  for (const ReceivedPacket& received : packets) {
    if (!is_bundle(received.offload)) {
      handle_packet(from, received.packet);
      continue;
    }
    flush();  // what came before it goes before it
    for (const MutableBytes segment : segmenter_.cut(received.offload, received.packet))
      handle_packet(from, segment);
    // The segments live until the next bundle is cut.
    attachment_->flush_bundle();
  }
  flush();
}

void Gateway::prefetch(Side from, std::span<const ReceivedPacket> batch) {
  packets_.clear();
  for (const ReceivedPacket& received : batch) packets_.emplace_back(received.packet);
  translator_->prefetch(from, packets_);
}

void Gateway::handle_packet(Side from, MutableBytes packet) {
  capture_.add(loop_.now(), from, packet);
  if (segment_limit_ && limit_segment_size(packet, *segment_limit_)) ++segment_sizes_lowered_;
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
  if (translator_->poll_timeout() <= now) translator_->handle_timeout(now);
  // After it, so that they tell of what has ended.
  for (Service* service : services_) service->handle_due(now);
  drain();
  if (state_) state_->handle_due(now);
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
    send(to, packet);
}

void Gateway::send_copy(Side to, Bytes packet) {
  ByteVector& copy = copies_.emplace_back(frame_headroom + packet.size());
  std::ranges::copy(packet, copy.begin() + frame_headroom);
  send(to, MutableBytes(copy).subspan(frame_headroom));
}

void Gateway::send(Side to, MutableBytes packet) {
  capture_.add(loop_.now(), to, packet);
  attachment_->send(loop_.now(), to, packet);
}

void Gateway::flush() {
  attachment_->flush();
  copies_.clear();
}

void Gateway::follow_interfaces() {
  if (const auto placement = translator_->follow_interfaces(loop_.now())) {
    attachment_->follow(*placement);
    segment_limit_ = segment_limit(options_, *placement);
  }
  drain();
}

void Gateway::handle_signals() {
  for (const int signal : read_signals(signals_)) {
    if (signal == SIGHUP)
      reload();
    else
      stopping_ = true;
  }
}

void Gateway::reload() {
  journal_.reopen();
  if (options_.config_file.empty()) return;
  try {
    change_to(reread_());
    fmt::print(stderr, "stile-nat: {}: read again\n", options_.config_file);
  } catch (const Problem& problem) {
    fmt::print(stderr, "stile-nat: {}; all stays as it was\n", problem.what());
  }
}

/// All or nothing. Throws Problem.
void Gateway::change_to(const RunOptions& wanted) {
  if (const auto problem = problem_with_change(options_, wanted)) throw UsageProblem(*problem);
  translator_->reconfigure(loop_.now(), wanted);
  impairment_.reconfigure(wanted.impairment);
  journal_.log(wanted.log_detail);
  options_ = wanted;
  drain();
}

std::string Gateway::answer(std::string_view command) {
  if (command == "list") return translator_->describe_sessions(loop_.now());
  if (command == "show") return describe_setup();
  if (command == "stats")
    return with_shell_counters(translator_->describe_counters(), shell_counters());
  if (auto events = journal_.answer(command)) return *events;
  if (command == "save") return save();
  if (command != "flush")
    return describe_error("the command is none of list, show, stats, flush, save, watch");
  const std::size_t ended = translator_->flush(loop_.now());
  drain();
  return describe_flush(ended);
}

std::string Gateway::describe_setup() const {
  return with_shell_setup(translator_->describe_setup(), options_,
                          {attachment_->kind(Side::inside), attachment_->kind(Side::outside)});
}

std::string Gateway::save() {
  if (!state_) return describe_error("there is no state file; start stile-nat with --state FILE");
  try {
    state_->save();
  } catch (const Problem& problem) {
    return describe_error(problem.what());
  }
  return describe_saved(*options_.state);
}

ShellCounters Gateway::shell_counters() const {
  ShellCounters counters;
  if (state_) counters.state_files_lost = state_->files_lost();
  counters.inside = attachment_->counters(Side::inside);
  counters.outside = attachment_->counters(Side::outside);
  counters.impairment = impairment_.counters();
  counters.segment_sizes_lowered = segment_sizes_lowered_;
  counters.pcap_packets_left_out = capture_.packets_left_out();
  journal_.count_losses(counters);
  return counters;
}

}  // namespace stile::nat::shell
