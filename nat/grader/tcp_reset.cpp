#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

namespace {

using namespace std::chrono_literals;
using namespace tcp_flag;

/// Beyond every window that is not scaled.
constexpr std::uint32_t out_of_window = 1u << 30;
/// Longer than what RFC 7857 §2.2 has a NAT wait after a RST.
constexpr Duration more_than_transitory = 250s;

std::optional<Connection> open(Probe& probe) {
  return probe.connect(probe.inside_endpoint(), probe.outside_endpoint());
}

bool passes(Probe& probe, const Connection& connection, Side from, std::uint8_t flags) {
  const bool outbound = from == Side::inside;
  const TcpFields fields{
      .sequence = outbound ? connection.inside_next : connection.outside_next,
      .acknowledgment = outbound ? connection.outside_next : connection.inside_next};
  const auto arrival =
      probe.tcp(from, outbound ? connection.inside : connection.outside,
                outbound ? connection.outside : connection.external, flags, fields, other(from));
  return arrival && (outbound ? arrival->source == connection.external
                              : arrival->destination == connection.inside);
}

/// From outside: from inside, a NAT might take up what it had forgotten.
bool lives(Probe& probe, const Connection& connection) {
  return passes(probe, connection, Side::outside, ack);
}

Finding translated(Probe& probe) {
  for (const Side from : {Side::inside, Side::outside}) {
    const auto connection = open(probe);
    if (!connection) return no_way_out();
    if (!passes(probe, *connection, from, rst | ack))
      return judge(false,
                   from == Side::inside ? "a RST does not go out" : "a RST does not come in");
  }
  return judge(true, "a RST passes, both ways");
}

Finding no_reset() {
  return untested("a RST does not come in");
}

Finding four_minutes(Probe& probe) {
  const auto connection = open(probe);
  if (!connection) return no_way_out();
  if (!passes(probe, *connection, Side::outside, rst | ack)) return no_reset();
  probe.wait(239s);
  const bool alive = lives(probe, *connection);
  return judge(alive, alive ? "a segment comes in 239 s after a RST" : "is gone 239 s after a RST");
}

/// What an end says of a connection is of no account where one that is left alone ends, too.
Finding judge_idle(Probe& probe, const Connection& connection, const Connection& left_alone,
                   std::string if_alive, std::string if_gone) {
  if (lives(probe, connection)) return judge(true, std::move(if_alive));
  if (!lives(probe, left_alone)) return untested("one without a RST is gone as soon");
  return judge(false, std::move(if_gone));
}

/// RFC 7857 Figure 1: TRANS goes back to ESTABLISHED.
Finding revival(Probe& probe) {
  const auto connection = open(probe);
  const auto left_alone = open(probe);
  if (!connection || !left_alone) return no_way_out();
  if (!passes(probe, *connection, Side::outside, rst | ack)) return no_reset();
  probe.wait(30s);
  if (!lives(probe, *connection) || !passes(probe, *connection, Side::inside, ack))
    return judge(false, "is gone 30 s after a RST");
  probe.wait(more_than_transitory);
  return judge_idle(probe, *connection, *left_alone,
                    "segments that follow a RST make it live as before",
                    "is gone 250 s after the segments that followed a RST");
}

Finding validity(Probe& probe) {
  const auto connection = open(probe);
  const auto left_alone = open(probe);
  if (!connection || !left_alone) return no_way_out();
  for (int i = 0; i < 3; ++i)
    probe.bed().send(Side::outside,
                     make_tcp(connection->outside, connection->external, rst, {},
                              {.sequence = connection->outside_next + out_of_window}));
  probe.wait(more_than_transitory);
  return judge_idle(probe, *connection, *left_alone, "the connection lives on",
                    "the connection is gone after 250 s");
}

constexpr Requirement requirements[] = {
    {7857, "2.2", Level::must, Pace::seconds, "A RST is translated", translated},
    {7857, "2.2 (4 minutes)", Level::should, Pace::minutes, "A connection lives 4 minutes after it",
     four_minutes},
    {7857, "2.2 (revival)", Level::should, Pace::minutes, "Segments after a RST revive it",
     revival},
    {7857, "2.2 (window)", Level::should, Pace::minutes, "A RST out of the window changes nothing",
     validity},
};

}  // namespace

std::span<const Requirement> tcp_reset_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
