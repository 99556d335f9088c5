// What an ICE session costs, and how long it takes: times on the simulator's virtual clock, which
// no machine's load changes, and memory and processor time of the agent alone. One JSON object a
// line.

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <memory>
#include <vector>

#include "nat/sim/scenario.hpp"
#include "stile/ice/agent.hpp"

namespace {

using namespace stile;

double ms(Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

Duration percentile(std::vector<Duration> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

/// Both ways to first data and to a selected pair, 50 ms of round trip between the peers.
void connect_times(const char* name, const char* behavior, double loss) {
  constexpr std::uint64_t seeds = 200;
  std::vector<Duration> data, selected;
  int failed = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    sim::Scenario scenario;
    scenario.a = scenario.b = sim::GatewaySpec{*sim::parse_behavior(behavior)};
    scenario.internet = {.delay = std::chrono::milliseconds(24), .loss = loss};
    scenario.seed = seed;
    const sim::Result result = sim::play(scenario);
    if (result.path == sim::Path::none) {
      ++failed;
      continue;
    }
    data.push_back(result.first_data);
    selected.push_back(result.selected);
  }
  if (data.empty()) return;
  std::printf(
      R"({"figure":"connect","path":"%s","loss":%.0f,"first_data_p50_ms":%.0f,"first_data_p95_ms":%.0f,)"
      R"("selected_p50_ms":%.0f,"selected_p95_ms":%.0f,"failed":%d,"runs":%d})"
      "\n",
      name, loss * 100, ms(percentile(data, 0.5)), ms(percentile(data, 0.95)),
      ms(percentile(selected, 0.5)), ms(percentile(selected, 0.95)), failed,
      static_cast<int>(seeds));
}

/// Two agents with a wire between them that takes no time, connected, with four candidates each.
struct Couple {
  explicit Couple(std::uint64_t seed)
      : random_a(seed),
        random_b(seed + 1),
        a({.role = ice::Role::controlling}, random_a),
        b({.role = ice::Role::controlled}, random_b) {
    gather(a, 1);
    gather(b, 101);
    a.set_remote_parameters(now, b.local_parameters());
    b.set_remote_parameters(now, a.local_parameters());
    run_until(now + std::chrono::seconds(50));
  }

  void gather(ice::Agent& agent, std::uint8_t first) {
    std::vector<IpAddress> addresses;
    for (std::uint8_t i = 0; i < 4; ++i)
      addresses.push_back(IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(first + i)));
    agent.gather(now, addresses);
    drain(agent);
  }

  void run_until(Instant end) {
    for (;;) {
      const Instant next = std::min(a.poll_timeout(), b.poll_timeout());
      if (next > end) break;
      now = std::max(now, next);
      for (ice::Agent* agent : {&a, &b}) {
        if (agent->poll_timeout() > now) continue;
        agent->handle_timeout(now);
        drain(*agent);
      }
    }
    now = end;
  }

  void drain(ice::Agent& agent) {
    ice::Agent& other = &agent == &a ? b : a;
    while (const auto command = agent.poll_command()) {
      if (const auto* open = std::get_if<ice::OpenSocket>(&*command)) {
        agent.handle_socket_opened(now, open->id, TransportAddress{open->local.ip, 4000});
      } else if (const auto* send = std::get_if<ice::SendDatagram>(&*command)) {
        const std::uint8_t first = &agent == &a ? 1 : 101;
        const TransportAddress from{
            IpAddress::v4(192, 0, 2, static_cast<std::uint8_t>(first + send->from.value - 1)),
            4000};
        wire.push_back({&other, from, send->to, send->bytes});
      }
    }
    while (const auto event = agent.poll_event())
      if (const auto* found = std::get_if<ice::LocalCandidateFound>(&*event))
        other.add_remote_candidate(now, found->candidate);
    deliver();
  }

  void deliver() {
    if (delivering) return;
    delivering = true;
    while (!wire.empty()) {
      Datagram datagram = std::move(wire.front());
      wire.pop_front();
      const int number = datagram.to.ip.v6_bytes().back() % 100;
      datagram.receiver->handle_datagram(now, ice::SocketId{static_cast<std::uint32_t>(number)},
                                         datagram.from, datagram.bytes);
      drain(*datagram.receiver);
    }
    delivering = false;
  }

  struct Datagram {
    ice::Agent* receiver;
    TransportAddress from, to;
    ByteVector bytes;
  };
  SeededRandom random_a, random_b;
  Instant now{};
  ice::Agent a, b;
  std::deque<Datagram> wire;
  bool delivering = false;
};

void memory_and_consent() {
  constexpr std::size_t couples = 500;
  std::vector<std::unique_ptr<Couple>> all;
  all.reserve(couples);
  const auto before = mallinfo2().uordblks;
  for (std::size_t i = 0; i < couples; ++i) all.push_back(std::make_unique<Couple>(i * 2 + 1));
  const auto bytes = (mallinfo2().uordblks - before) / (2 * couples);
  const std::size_t completed = static_cast<std::size_t>(std::ranges::count_if(
      all, [](const auto& couple) { return couple->a.state() == ice::State::completed; }));
  std::printf(
      R"({"figure":"memory","bytes_per_agent":%zu,"local_and_remote_candidates":4,"completed":%zu,"of":%zu})"
      "\n",
      bytes, completed, couples);

  const auto began = std::chrono::steady_clock::now();
  constexpr int virtual_seconds = 60;
  for (const auto& couple : all)
    couple->run_until(couple->now + std::chrono::seconds(virtual_seconds));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf(
      R"({"figure":"consent","agents":%zu,"cpu_share_of_one_core":%.4f,"agents_per_core":%.0f})"
      "\n",
      2 * couples, took.count() / virtual_seconds, 2 * couples * virtual_seconds / took.count());
}

}  // namespace

int main() {
  for (const double loss : {0.0, 0.05, 0.1, 0.25, 0.5}) {
    connect_times("direct", "EIM/APDF", loss);
    connect_times("relay", "APDM/APDF", loss);
  }
  memory_and_consent();
}
