#include "stile/discovery/behavior_test.hpp"

#include <algorithm>

namespace stile::discovery {

std::string_view to_string(Behavior behavior) {
  switch (behavior) {
    case Behavior::endpoint_independent:
      return "endpoint-independent";
    case Behavior::address_dependent:
      return "address-dependent";
    case Behavior::address_and_port_dependent:
      return "address-and-port-dependent";
  }
  return "";
}

BehaviorTest::BehaviorTest(Config config, Random& random)
    : config_(std::move(config)), random_(random) {}

void BehaviorTest::start(Instant now, const TransportAddress& local) {
  findings_.local = local;
  ask(now, Step::map_primary, mapping_socket, config_.server);
}

void BehaviorTest::ask(Instant now, Step step, std::size_t socket, const TransportAddress& to,
                       std::optional<stun::ChangeRequest> change) {
  const auto id = stun::TransactionId::make(random_);
  ByteVector buffer(64);
  stun::MessageBuilder builder(buffer, stun::Class::request, stun::Method::binding, id);
  if (change) builder.add(*change);
  builder.add_fingerprint();
  const Bytes bytes = builder.finish();
  transmits_.push_back({socket, to, copy_of(bytes)});
  exchanges_.push_back(
      {step, socket, to, id, copy_of(bytes), stun::TransactionTimer(now, config_.retransmission)});
}

void BehaviorTest::handle_datagram(Instant now, std::size_t socket, Bytes datagram) {
  const auto message = stun::MessageView::parse(datagram);
  if (!message) return;
  const auto found = std::ranges::find(exchanges_, message->transaction_id(), &Exchange::id);
  if (found == exchanges_.end()) return;
  const Step step = found->step;
  // The hairpin request itself comes in at the mapping socket; all else are answers at the socket
  // that asked.
  const bool hairpinned = step == Step::hairpin && socket == mapping_socket &&
                          message->message_class() == stun::Class::request;
  const bool answer = step != Step::hairpin && socket == found->socket &&
                      message->message_class() == stun::Class::success_response;
  if (!hairpinned && !answer) return;
  exchanges_.erase(found);
  take_answer(now, step, *message);
}

void BehaviorTest::handle_timeout(Instant now) {
  for (std::size_t i = 0; i < exchanges_.size();) {
    const auto action = exchanges_[i].timer.on_timeout(now);
    if (action == stun::TransactionTimer::Action::retransmit) {
      if (exchanges_[i].step == Step::hairpin) open_filter_for_hairpin();
      transmits_.push_back({exchanges_[i].socket, exchanges_[i].to, exchanges_[i].bytes});
    }
    if (action != stun::TransactionTimer::Action::timed_out) {
      ++i;
      continue;
    }
    const Step step = exchanges_[i].step;
    exchanges_.erase(exchanges_.begin() + static_cast<std::ptrdiff_t>(i));
    take_silence(now, step);
  }
}

Instant BehaviorTest::poll_timeout() const {
  Instant earliest = never;
  for (const Exchange& exchange : exchanges_)
    earliest = std::min(earliest, exchange.timer.deadline());
  return earliest;
}

std::optional<BehaviorTest::Transmit> BehaviorTest::poll_transmit() {
  if (transmits_.empty()) return std::nullopt;
  Transmit transmit = std::move(transmits_.front());
  transmits_.pop_front();
  return transmit;
}

void BehaviorTest::take_answer(Instant now, Step step, const stun::MessageView& message) {
  const auto mapped = message.get<stun::XorMappedAddress>();
  if (!mapped && step != Step::hairpin) return take_silence(now, step);
  switch (step) {
    case Step::map_primary:
      return take_first_answer(now, mapped->address, message);
    case Step::map_alternate_ip:  // RFC 5780 §4.3, test II
      mapped_at_alternate_ip_ = mapped->address;
      if (mapped->address == findings_.mapped)
        findings_.mapping = Behavior::endpoint_independent;
      else
        ask(now, Step::map_alternate_both, mapping_socket, *other_);
      return;
    case Step::map_alternate_both:  // test III
      findings_.mapping = mapped->address == mapped_at_alternate_ip_
                              ? Behavior::address_dependent
                              : Behavior::address_and_port_dependent;
      return;
    case Step::open_filter:  // RFC 5780 §4.4, test II, and below test III, side by side on two
                             // ports
      return ask(now, Step::ask_from_both, filtering_socket, config_.server,
                 stun::ChangeRequest{true, true});
    case Step::open_port_filter:
      return ask(now, Step::ask_from_port, port_filtering_socket, config_.server,
                 stun::ChangeRequest{false, true});
    case Step::ask_from_both:
      passed_from_both_ = true;
      break;
    case Step::ask_from_port:
      passed_from_port_ = true;
      break;
    // The path still works, so the silence before was the filter's.
    case Step::control_filter:
      passed_from_both_ = false;
      break;
    case Step::control_port_filter:
      passed_from_port_ = false;
      break;
    case Step::open_hairpin:
      hairpin_mapped_ = mapped->address;
      open_filter_for_hairpin();
      return ask(now, Step::hairpin, hairpin_socket, *findings_.mapped);
    case Step::hairpin:
      findings_.hairpinning = true;
      return;
  }
  conclude_filtering();
}

void BehaviorTest::take_silence(Instant now, Step step) {
  switch (step) {
    case Step::ask_from_both:
      return ask(now, Step::control_filter, filtering_socket, config_.server);
    case Step::ask_from_port:
      return ask(now, Step::control_port_filter, port_filtering_socket, config_.server);
    case Step::hairpin:
      findings_.hairpinning = false;
      return;
    case Step::map_primary:
    case Step::map_alternate_ip:
    case Step::map_alternate_both:
    case Step::open_filter:
    case Step::control_filter:
    case Step::open_port_filter:
    case Step::control_port_filter:
    case Step::open_hairpin:
      return;  // what it was to tell stays unknown
  }
}

// RFC 5780 §4.3, test I.
void BehaviorTest::take_first_answer(Instant now, const TransportAddress& mapped,
                                     const stun::MessageView& message) {
  findings_.answered = true;
  findings_.mapped = mapped;
  findings_.behind_nat = mapped != findings_.local;
  findings_.port_preserved = mapped.port == findings_.local->port;
  if (*findings_.behind_nat) ask(now, Step::open_hairpin, hairpin_socket, config_.server);
  const auto other = message.get<stun::OtherAddress>();
  if (!other || other->address.ip == config_.server.ip) return;
  findings_.server_has_two_addresses = true;
  other_ = other->address;
  if (*findings_.behind_nat)
    ask(now, Step::map_alternate_ip, mapping_socket, {other_->ip, config_.server.port});
  ask(now, Step::open_filter, filtering_socket, config_.server);
  ask(now, Step::open_port_filter, port_filtering_socket, config_.server);
}

/// RFC 5780 §3.4 does not reckon with filters, but a NAT may filter what it hairpins: so the socket
/// that is to be reached writes first to the one that will come.
void BehaviorTest::open_filter_for_hairpin() {
  ByteVector buffer(64);
  stun::MessageBuilder builder(buffer, stun::Class::indication, stun::Method::binding,
                               stun::TransactionId::make(random_));
  builder.add_fingerprint();
  transmits_.push_back({mapping_socket, *hairpin_mapped_, copy_of(builder.finish())});
}

void BehaviorTest::conclude_filtering() {
  if (passed_from_both_ == true)
    findings_.filtering = Behavior::endpoint_independent;
  else if (passed_from_both_ == false && passed_from_port_ == true)
    findings_.filtering = Behavior::address_dependent;
  else if (passed_from_both_ == false && passed_from_port_ == false)
    findings_.filtering = Behavior::address_and_port_dependent;
}

}  // namespace stile::discovery
