#include "client/commands/lab/meeting.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace stile::lab {

namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

/// One `stile connect --stdio`, and what it has said so far.
struct Peer {
  Process program;
  json connected;
  bool introduced = false;
  std::optional<Clock::time_point> heard;
  std::string failure;

  bool is_done() const { return heard && !connected.is_null(); }
  bool is_relayed() const {
    return connected.value("local", "?") == "relay" || connected.value("remote", "?") == "relay";
  }
};

std::vector<std::string> connect_command(const Scenario& scenario, const char* role) {
  const std::string server = fmt::format("{}:{}", Topology::server_address, Topology::server_port);
  std::vector<std::string> command{program_path("client", "stile"),
                                   "connect",
                                   "--stdio",
                                   "--trickle",
                                   "--role",
                                   role,
                                   "--stun",
                                   server};
  if (scenario.relay)
    command.insert(command.end(),
                   {"--turn", "turn:" + server, "--username", "lab", "--password", "lab"});
  return command;
}

/// Does the signalling: what one peer says of itself is what the other is told of its remote. Both
/// send as soon as data may flow, which is before a pair is selected.
void take(Peer& from, Peer& to, const json& line) {
  if (line.contains("local")) {
    from.introduced = true;
    to.program.write_line(json{{"remote", line["local"]}}.dump());
  }
  if (line.contains("candidate") || line.contains("end-of-candidates"))
    to.program.write_line(line.dump());
  if (line.contains("data") && !from.heard) from.heard = Clock::now();
  if (line.value("state", "") == "connected")
    from.program.write_line(json{{"send", "hello"}}.dump());
  if (line.contains("failed")) from.failure = line["failed"].value("reason", "failed");
  if (line.contains("connected")) {
    from.connected = line["connected"];
    if (!to.heard) from.program.write_line(json{{"send", "hello"}}.dump());
  }
}

void listen(Peer& from, Peer& to) {
  for (const std::string& text : from.program.take_lines())
    if (const json line = json::parse(text, nullptr, false); line.is_object()) take(from, to, line);
}

/// What was said may have been lost.
void say_again(Peer& from, const Peer& to) {
  if (!from.connected.is_null() && !to.heard)
    from.program.write_line(json{{"send", "hello"}}.dump());
}

/// Until both have heard the other and know their pair: a direct one, if there is to be one, which
/// may come after the relay has helped out for a packet that was lost. Where nobody knows it is
/// given some seconds. Answers when they were introduced to each other.
Clock::time_point converse(Peer& a, Peer& b, std::optional<Path> awaited,
                           Clock::time_point deadline) {
  constexpr auto time_for_another = std::chrono::seconds(3);
  const bool may_be_direct = awaited.value_or(Path::direct) == Path::direct;
  bool met = false;
  const auto is_settled = [may_be_direct](const Peer& peer) {
    return peer.is_done() && !(may_be_direct && peer.is_relayed());
  };
  Clock::time_point introduced = Clock::now();
  while (!(is_settled(a) && is_settled(b)) && Clock::now() < deadline) {
    if (!awaited && !met && a.is_done() && b.is_done()) {
      met = true;
      deadline = std::min(deadline, Clock::now() + time_for_another);
    }
    if (!a.failure.empty() && !b.failure.empty()) break;
    if (a.program.has_ended() && b.program.has_ended()) break;
    std::array<pollfd, 2> ready{pollfd{a.program.output_fd(), POLLIN, 0},
                                pollfd{b.program.output_fd(), POLLIN, 0}};
    if (a.program.has_ended()) ready[0].fd = -1;
    if (b.program.has_ended()) ready[1].fd = -1;
    const bool quiet = poll(ready.data(), ready.size(), 100) == 0;
    const bool strangers = !a.introduced || !b.introduced;
    listen(a, b);
    listen(b, a);
    if (strangers) introduced = Clock::now();
    if (!quiet) continue;
    say_again(a, b);
    say_again(b, a);
  }
  return introduced;
}

std::string reason_of(const Peer& a, const Peer& b) {
  for (const Peer* peer : {&a, &b}) {
    if (!peer->failure.empty()) return peer->failure;
    if (const std::string complaint = peer->program.complaint(); !complaint.empty())
      return complaint;
  }
  return "no path in time";
}

}  // namespace

Meeting meet(const Topology& topology, const Scenario& scenario) {
  Peer a{{topology.peer_a(), connect_command(scenario, "controlling")}, {}, false, {}, {}};
  Peer b{{topology.peer_b(), connect_command(scenario, "controlled")}, {}, false, {}, {}};
  const auto introduced = converse(a, b, theory(scenario), Clock::now() + scenario.patience);

  Meeting meeting;
  if (!a.is_done() || !b.is_done()) {
    meeting.reason = reason_of(a, b);
    return meeting;
  }
  meeting.local_a = a.connected.value("local", "?");
  meeting.local_b = b.connected.value("local", "?");
  const auto took = std::max(*a.heard, *b.heard) - introduced;
  meeting.milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  meeting.path = a.is_relayed() || b.is_relayed() ? Path::relay : Path::direct;
  return meeting;
}

}  // namespace stile::lab
