#include "nat/grader/requirement.hpp"

namespace stile::nat::grader {

namespace {

using namespace std::chrono_literals;
using namespace tcp_flag;

Finding established(Probe& probe) {
  auto connection = probe.connect(probe.inside_endpoint(), probe.outside_endpoint());
  if (!connection) return no_way_out();
  probe.wait(7439s);
  // From outside first: from inside, a NAT might take up what it had forgotten.
  const bool alive =
      probe
          .tcp(Side::outside, connection->outside, connection->external, ack,
               {.sequence = connection->outside_next, .acknowledgment = connection->inside_next},
               Side::inside)
          .has_value();
  return judge(alive, alive ? "lives after 7439 s" : "is gone after 7439 s");
}

Finding opening(Probe& probe) {
  const TransportAddress inside = probe.inside_endpoint();
  const TransportAddress outside = probe.outside_endpoint();
  const std::uint32_t ours = probe.number();
  const auto out = probe.tcp(Side::inside, inside, outside, syn, {.sequence = ours}, Side::outside);
  if (!out) return no_way_out();
  probe.wait(239s);
  const bool alive =
      probe
          .tcp(Side::outside, outside, out->source, syn | ack,
               {.sequence = probe.number(), .acknowledgment = ours + 1}, Side::inside)
          .has_value();
  return judge(alive, alive ? "a SYN-ACK comes in after 239 s" : "is gone after 239 s");
}

Finding closing(Probe& probe) {
  const auto connection = probe.connect(probe.inside_endpoint(), probe.outside_endpoint());
  if (!connection) return no_way_out();
  const TcpFields ours{.sequence = connection->inside_next,
                       .acknowledgment = connection->outside_next};
  const TcpFields theirs{.sequence = connection->outside_next,
                         .acknowledgment = connection->inside_next + 1};
  if (!probe.tcp(Side::inside, connection->inside, connection->outside, fin | ack, ours,
                 Side::outside))
    return no_way_out();
  const auto their_fin = [&] {
    return probe
        .tcp(Side::outside, connection->outside, connection->external, fin | ack, theirs,
             Side::inside)
        .has_value();
  };
  if (!their_fin()) return judge(false, "the peer's FIN does not come in");
  probe.wait(239s);
  const bool alive = their_fin();
  return judge(alive,
               alive ? "a FIN that is sent again comes in after 239 s" : "is gone after 239 s");
}

constexpr Requirement requirements[] = {
    {5382, "REQ-5", Level::must, Pace::hours, "An idle connection lives 2 hours 4 minutes",
     established},
    {5382, "REQ-5 (opening)", Level::must, Pace::minutes, "One that opens lives 4 minutes",
     opening},
    {5382, "REQ-5 (closing)", Level::must, Pace::minutes, "One that closes lives 4 minutes",
     closing},
};

}  // namespace

std::span<const Requirement> tcp_timer_requirements() {
  return requirements;
}

}  // namespace stile::nat::grader
