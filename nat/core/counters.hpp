#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace stile::nat {

/// What the NAT did since it was made. Each packet that came in and did not go out is counted under
/// its reason.
struct Counters {
  std::uint64_t translated_outbound = 0;
  std::uint64_t translated_inbound = 0;
  std::uint64_t hairpinned = 0;
  std::uint64_t forwarded_untranslated = 0;
  std::uint64_t icmp_errors_translated = 0;
  std::uint64_t payloads_rewritten = 0;  ///< by application layer gateways

  std::uint64_t mappings_created = 0;
  std::uint64_t mappings_ended = 0;
  std::uint64_t mappings_ended_address_gone = 0;  ///< of the above
  std::uint64_t sessions_created = 0;
  std::uint64_t sessions_ended = 0;
  std::uint64_t sessions_evicted = 0;  ///< of the above, by Config::evict_oldest

  std::uint64_t icmp_errors_made = 0;
  std::uint64_t icmp_errors_suppressed = 0;  ///< by the rate limit
  std::uint64_t echo_replies_made = 0;
  std::uint64_t packets_fragmented = 0;
  std::uint64_t fragments_held = 0;
  std::uint64_t fragments_released = 0;
  std::uint64_t syns_held = 0;
  std::uint64_t syns_answered = 0;  ///< with ICMP 3/3 after the hold
  std::uint64_t connections_probed = 0;
  std::uint64_t syns_superseded = 0;  ///< an outbound SYN of the same connection came in time

  std::uint64_t dropped_malformed = 0;
  std::uint64_t dropped_protocol = 0;  ///< none that is translated
  std::uint64_t dropped_not_unicast = 0;
  std::uint64_t dropped_spoofed = 0;     ///< from outside, with an address of the NAT as source
  std::uint64_t dropped_not_for_us = 0;  ///< from outside, to none of the external addresses
  std::uint64_t dropped_local = 0;       ///< to the NAT itself, which only answers echo
  std::uint64_t dropped_no_mapping = 0;
  std::uint64_t dropped_filtered = 0;
  std::uint64_t dropped_no_connection = 0;  ///< TCP from inside, not a SYN, of no known connection
  std::uint64_t dropped_source_route = 0;
  std::uint64_t dropped_hairpin_off = 0;
  std::uint64_t dropped_ttl = 0;
  std::uint64_t dropped_too_big = 0;
  std::uint64_t dropped_icmp_error_invalid = 0;
  std::uint64_t dropped_icmp_error_unmatched = 0;
  std::uint64_t dropped_icmp_type = 0;
  std::uint64_t dropped_fragment_limit = 0;
  std::uint64_t dropped_fragment_timeout = 0;
  std::uint64_t dropped_fragment_refused = 0;  ///< its first fragment was not let through
  std::uint64_t dropped_fragment_overlap = 0;
  std::uint64_t dropped_syn_limit = 0;
  std::uint64_t dropped_esp_busy = 0;  ///< another host awaits an answer of the same remote
  std::uint64_t dropped_policy = 0;    ///< by a rule or a fault that the configuration asks for
  std::uint64_t refused_mapping_limit = 0;
  std::uint64_t refused_session_limit = 0;
  std::uint64_t refused_host_limit = 0;
  std::uint64_t refused_host_rate = 0;
  std::uint64_t refused_host_sessions = 0;
  std::uint64_t refused_mapping_sessions = 0;
  std::uint64_t refused_no_port = 0;
  std::uint64_t refused_no_address = 0;  ///< all lent out, or the NAT has none
  std::uint64_t events_lost = 0;
  std::uint64_t commands_lost = 0;
};

struct CounterName {
  std::string_view name;
  std::uint64_t Counters::* value;
};

/// All of them in the order above, for lists and metrics.
extern const std::array<CounterName, 55> counter_names;

}  // namespace stile::nat
