#include <algorithm>
#include <array>

#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

namespace {

using namespace std::chrono_literals;

std::string in_seconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

/// A mapping for each wait, since a probe may refresh (RFC 4787 §4.3). All are made at once, so the
/// longest wait is all that it takes. Gives how many of the waits, in their order, are survived.
template <std::size_t count>
std::optional<std::size_t> survived(Probe& probe, const std::array<Duration, count>& waits) {
  struct Mapped {
    TransportAddress inside;
    TransportAddress outside;
    TransportAddress external;
    Instant made;
  };
  std::vector<Mapped> mappings;
  for (std::size_t i = 0; i < count; ++i) {
    const TransportAddress inside = probe.inside_endpoint();
    const TransportAddress outside = probe.outside_endpoint();
    const auto external = probe.seen(inside, outside);
    if (!external) return std::nullopt;
    mappings.push_back({inside, outside, *external, probe.bed().now()});
  }
  std::size_t alive = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Mapped& mapping = mappings[i];
    probe.bed().wait_until(mapping.made + waits[i]);
    if (!probe.reaches(mapping.outside, mapping.external, mapping.inside)) return alive;
    ++alive;
  }
  return alive;
}

Finding at_least(Probe& probe, Duration least) {
  const auto alive = survived(probe, std::array{least});
  if (!alive) return no_way_out();
  return judge(*alive == 1, (*alive == 1 ? "lives after " : "is gone after ") + in_seconds(least));
}

Finding two_minutes(Probe& probe) {
  return at_least(probe, 119s);
}

Finding five_minutes(Probe& probe) {
  return at_least(probe, 299s);
}

Finding measured(Probe& probe) {
  constexpr std::array<Duration, 10> waits{15s, 29s, 31s, 61s, 119s, 121s, 181s, 299s, 301s, 601s};
  const auto alive = survived(probe, waits);
  if (!alive) return no_way_out();
  if (*alive == waits.size()) return {Verdict::noted, "more than " + in_seconds(waits.back())};
  const Duration low = *alive == 0 ? Duration{} : waits[*alive - 1];
  return {Verdict::noted, "between " + in_seconds(low) + " and " + in_seconds(waits[*alive])};
}

// Shorter than any timer that is known, and longer than most of them in all.
constexpr Duration refresh_interval = 20s;
constexpr int refreshes = 40;

Finding outbound_refresh(Probe& probe) {
  const TransportAddress inside = probe.inside_endpoint();
  const TransportAddress outside = probe.outside_endpoint();
  const auto external = probe.seen(inside, outside);
  if (!external) return no_way_out();
  for (int i = 0; i < refreshes; ++i) {
    probe.wait(refresh_interval);
    if (probe.seen(inside, outside) != external) return judge(false, "the external port changes");
  }
  probe.wait(refresh_interval);
  const bool alive = probe.reaches(outside, *external, inside);
  return judge(alive, alive ? "what goes out keeps the mapping" : "the mapping ends all the same");
}

Finding inbound_refresh(Probe& probe) {
  const TransportAddress inside = probe.inside_endpoint();
  const TransportAddress outside = probe.outside_endpoint();
  const auto external = probe.seen(inside, outside);
  if (!external) return no_way_out();
  for (int i = 0; i < refreshes; ++i) {
    probe.wait(refresh_interval);
    if (!probe.reaches(outside, *external, inside))
      return {Verdict::noted, "what comes in does not keep the mapping"};
  }
  return {Verdict::noted, "what comes in keeps the mapping"};
}

constexpr Requirement requirements[] = {
    {4787, "REQ-5", Level::must, Pace::minutes, "A UDP mapping lives two minutes", two_minutes},
    {4787, "REQ-5c", Level::should, Pace::minutes, "A UDP mapping lives five minutes",
     five_minutes},
    {4787, "4.3", Level::may, Pace::hours, "How long a UDP mapping lives", measured},
    {4787, "REQ-6", Level::must, Pace::hours, "Outbound packets keep a mapping", outbound_refresh},
    {4787, "REQ-6a", Level::may, Pace::hours, "Inbound packets keep a mapping", inbound_refresh},
};

}  // namespace

std::span<const Requirement> udp_timer_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
