#pragma once

#include <span>
#include <string>
#include <string_view>

#include "nat/grader/probe.hpp"

namespace stile::nat::grader {

/// RFC 2119; RECOMMENDED is SHOULD.
enum class Level : std::uint8_t { must, should, may };
std::string_view name_of(Level level);

enum class Verdict : std::uint8_t {
  met,
  not_met,
  noted,    ///< there is no right and wrong
  untested  ///< this bed cannot show it
};
std::string_view name_of(Verdict verdict);

struct Finding {
  Verdict verdict = Verdict::untested;
  std::string seen;  ///< in words
};

/// How long a test takes, waits included.
enum class Pace : std::uint8_t { seconds, minutes, hours };

/// One rule of an RFC, and how to see from outside whether a NAT keeps it.
struct Requirement {
  unsigned rfc = 0;
  std::string_view id;  ///< the RFC's own, such as REQ-3a, or its section
  Level level = Level::must;
  Pace pace = Pace::seconds;
  std::string_view text;
  Finding (*test)(Probe& probe) = nullptr;
};

inline Finding judge(bool is_met, std::string seen) {
  return {is_met ? Verdict::met : Verdict::not_met, std::move(seen)};
}
inline Finding untested(std::string why) {
  return {Verdict::untested, std::move(why)};
}
inline Finding no_way_out() {
  return untested("what the inside host sends does not arrive outside");
}
inline Finding needs_two_inside() {
  return untested("needs a second inside address");
}

// Each in a file of its own.
std::span<const Requirement> udp_requirements();
std::span<const Requirement> udp_timer_requirements();
std::span<const Requirement> tcp_requirements();
std::span<const Requirement> tcp_timer_requirements();
std::span<const Requirement> icmp_requirements();
std::span<const Requirement> fragment_requirements();
std::span<const Requirement> tcp_reset_requirements();
std::span<const Requirement> protocol_requirements();
std::span<const Requirement> refresh_requirements();
std::span<const Requirement> port_order_requirements();
std::span<const Requirement> identification_requirements();

// What several tests ask. Nothing if what is sent does not arrive.
std::string_view name_of(Behavior behavior);
/// Where a host sends to, to show how it is mapped: another port of a host, another host.
struct Destinations {
  TransportAddress first;
  TransportAddress other_port;
  TransportAddress other_host;
  static Destinations fresh(Probe& probe);
};
std::optional<Behavior> mapping_of_udp(Probe& probe, const TransportAddress& from,
                                       const Destinations& destinations);
std::optional<Behavior> filtering_of_udp(Probe& probe, const TransportAddress& from);

}  // namespace stile::nat::grader
