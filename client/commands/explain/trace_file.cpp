#include "client/commands/explain/trace_file.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "client/commands/server_address.hpp"

namespace stile::explain {

namespace {

using nlohmann::json;

PairThen pair_then(const json& from) {
  return {.state = from.at("state"),
          .valid = from.at("valid"),
          .selected = from.at("selected"),
          .checks_sent = from.value("requestsSent", 0u),
          .answers = from.value("responsesReceived", 0u)};
}

Moment moment(const json& from) {
  Moment moment{.ms = from.at("ms"), .event = from.value("event", ""), .pairs = {}};
  for (const json& pair : from.at("pairs")) moment.pairs[pair.at("pair")] = pair_then(pair);
  return moment;
}

ice::Candidate candidate(const std::string& line) {
  auto parsed = ice::Candidate::parse(line);
  if (!parsed) throw CommandError(parsed.error());
  return std::move(*parsed);
}

PairOutcome outcome(const json& from) {
  PairOutcome pair{.local = candidate(from.at("local")), .remote = candidate(from.at("remote"))};
  pair.key = pair.local.address.to_string() + " " + pair.remote.address.to_string();
  pair.state = from.at("state");
  pair.selected = from.at("selected");
  pair.explanation = from.at("explanation");
  pair.checks_sent = from.at("requestsSent");
  pair.answers = from.at("responsesReceived");
  pair.checks_received = from.at("requestsReceived");
  pair.packets_sent = from.at("packetsSent");
  pair.bytes_sent = from.at("bytesSent");
  pair.packets_received = from.at("packetsReceived");
  pair.bytes_received = from.at("bytesReceived");
  pair.round_trip_ms = from.value("currentRoundTripTimeMs", -1.0);
  return pair;
}

}  // namespace

Trace read_trace(std::istream& input, const std::string& file) try {
  const json from = json::parse(input);
  Trace trace{.role = from.value("role", ""), .moments = {}, .pairs = {}};
  for (const json& each : from.at("events")) trace.moments.push_back(moment(each));
  for (const json& each : from.at("pairs")) trace.pairs.push_back(outcome(each));
  std::ranges::stable_sort(trace.moments, {}, &Moment::ms);
  return trace;
} catch (const json::exception& error) {
  throw CommandError(file + " is not what --explain writes: " + error.what());
} catch (const CommandError& error) {
  throw CommandError(file + " is not what --explain writes: " + error.what());
}

}  // namespace stile::explain
