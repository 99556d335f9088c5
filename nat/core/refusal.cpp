#include "nat/core/core.hpp"

namespace stile::nat {

namespace {

struct RefusalKind {
  std::string_view name;
  std::uint64_t Counters::* counter;
};

/// In the order of Refusal.
constexpr std::array<RefusalKind, refusal_count> kinds{{
    {"mapping-limit", &Counters::refused_mapping_limit},
    {"session-limit", &Counters::refused_session_limit},
    {"host-limit", &Counters::refused_host_limit},
    {"host-rate", &Counters::refused_host_rate},
    {"host-sessions", &Counters::refused_host_sessions},
    {"mapping-sessions", &Counters::refused_mapping_sessions},
    {"no-port", &Counters::refused_no_port},
    {"no-address", &Counters::refused_no_address},
}};

}  // namespace

/// RFC 5508 REQ-8, RFC 6888 REQ-11: a flow that gets no session is dropped and its host is told; no
/// other flow is ended to make room for it.
void Nat::Core::refuse(const Ipv4Packet& packet, const Flow& flow, Refusal refusal) {
  const auto index = static_cast<std::size_t>(refusal);
  ++(counters_.*kinds[index].counter);
  if (now_ >= refusal_told_after_[index]) {
    refusal_told_after_[index] = now_ + std::chrono::seconds(1);
    push_event(FlowRefused{refusal, flow.protocol, to_public(flow.source)});
  }
  if (config_.refusal_answer == RefusalAnswer::silence) return;
  const std::uint8_t code = config_.refusal_answer == RefusalAnswer::prohibited
                                ? unreachable_code::administratively_prohibited
                                : unreachable_code::host;
  send_error(Side::inside, packet.destination(), {icmp_type::destination_unreachable, code, 0},
             packet.bytes());
}

std::string_view name_of(Refusal refusal) {
  return kinds[static_cast<std::size_t>(refusal)].name;
}

}  // namespace stile::nat
