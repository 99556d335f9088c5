#include "client/commands/connect/trace.hpp"

#include <fstream>

#include "client/commands/server_address.hpp"

namespace stile::connect {

namespace {

using nlohmann::json;

constexpr std::size_t max_events = 1000;  ///< Limit: of a session that restarts without end

double milliseconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

/// A pair that was given up because another one works has not failed in the eyes of people.
std::string_view state_of(const ice::PairReport& pair) {
  const bool spare =
      pair.state == ice::PairState::failed && pair.problem == ice::PairProblem::not_needed;
  return spare ? "not needed" : to_string(pair.state);
}

/// The names that the W3C's statistics have, where they have one.
json in_full(const ice::PairReport& pair) {
  json full{{"local", pair.local.to_string()},
            {"remote", pair.remote.to_string()},
            {"state", state_of(pair)},
            {"nominated", pair.nominated},
            {"selected", pair.selected},
            {"explanation", explain(pair)},
            {"requestsSent", pair.checks_sent},
            {"responsesReceived", pair.responses_received},
            {"requestsReceived", pair.checks_received},
            {"packetsSent", pair.packets_sent},
            {"bytesSent", pair.bytes_sent},
            {"packetsReceived", pair.packets_received},
            {"bytesReceived", pair.bytes_received}};
  if (pair.valid) full["currentRoundTripTimeMs"] = milliseconds(pair.round_trip_time);
  return full;
}

json pairs_of(const ice::Session& session, bool whole) {
  json pairs = json::array();
  session.for_each_pair([&](const ice::PairReport& pair) {
    if (whole) return pairs.push_back(in_full(pair));
    pairs.push_back(
        {{"pair", pair.local.address.to_string() + " " + pair.remote.address.to_string()},
         {"state", state_of(pair)},
         {"valid", pair.valid},
         {"selected", pair.selected},
         {"requestsSent", pair.checks_sent},
         {"responsesReceived", pair.responses_received}});
  });
  return pairs;
}

}  // namespace

Trace::Trace(std::string file) : file_(std::move(file)) {
  if (!file_.empty() && !std::ofstream(file_))
    throw CommandError("cannot write " + file_ + "; check the folder and its rights");
}

void Trace::note(const std::string& event, const ice::Session& session) {
  if (file_.empty() || events_.size() >= max_events) return;
  const auto ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began_).count();
  seen_ = pairs_of(session, false);
  events_.push_back({{"ms", ms}, {"event", event}, {"pairs", seen_}});
}

void Trace::look(const ice::Session& session) {
  if (file_.empty() || pairs_of(session, false) == seen_) return;
  note("", session);
}

void Trace::write(const ice::Session& session) const {
  if (file_.empty()) return;
  std::ofstream(file_) << json{{"role", to_string(session.role())},
                               {"events", events_},
                               {"pairs", pairs_of(session, true)}}
                              .dump(1)
                       << '\n';
}

}  // namespace stile::connect
