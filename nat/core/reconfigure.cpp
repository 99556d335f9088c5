#include "nat/core/core.hpp"

namespace stile::nat {

/// What is open keeps the deadline that it has until its next packet.
void Nat::Core::reconfigure(Instant now, const Config& wanted) {
  advance(now);
  config_.udp_timeout = wanted.udp_timeout;
  config_.udp_port_timeouts = wanted.udp_port_timeouts;
  config_.udp_unanswered_timeout = wanted.udp_unanswered_timeout;
  config_.icmp_timeout = wanted.icmp_timeout;
  config_.tcp_established_timeout = wanted.tcp_established_timeout;
  config_.tcp_opening_timeout = wanted.tcp_opening_timeout;
  config_.tcp_closing_timeout = wanted.tcp_closing_timeout;
  config_.esp_timeout = wanted.esp_timeout;
  config_.max_mappings = wanted.max_mappings;
  config_.max_sessions = wanted.max_sessions;
  config_.ports_per_host = wanted.ports_per_host;
  config_.new_ports_per_second = wanted.new_ports_per_second;
  config_.sessions_per_host = wanted.sessions_per_host;
  config_.sessions_per_mapping = wanted.sessions_per_mapping;
  config_.explicit_per_host = wanted.explicit_per_host;
  config_.refusal_answer = wanted.refusal_answer;
  config_.session_events = wanted.session_events;
  if (config_.forwards == wanted.forwards) return;
  config_.forwards = wanted.forwards;
  bindings_.follow_forwards(now_);
}

void Nat::reconfigure(Instant now, const Config& wanted) {
  core_->reconfigure(now, wanted);
}

}  // namespace stile::nat
