#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <string>
#include <vector>

#include "stile/ice/candidate.hpp"

namespace stile::explain {

/// A pair as it was at one moment.
struct PairThen {
  std::string state;  ///< frozen, waiting, in progress, succeeded, failed, not needed
  bool valid = false;
  bool selected = false;
  std::uint64_t checks_sent = 0;
  std::uint64_t answers = 0;
};

struct Moment {
  double ms = 0;
  std::string event;                      ///< empty: only pairs have changed
  std::map<std::string, PairThen> pairs;  ///< by "LOCAL REMOTE"
};

/// What became of a pair.
struct PairOutcome {
  std::string key;  ///< "LOCAL REMOTE"
  ice::Candidate local;
  ice::Candidate remote;
  std::string state;
  bool selected = false;
  std::string explanation;
  std::uint64_t checks_sent = 0;
  std::uint64_t answers = 0;
  std::uint64_t checks_received = 0;
  std::uint64_t packets_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t packets_received = 0;
  std::uint64_t bytes_received = 0;
  double round_trip_ms = -1;  ///< not known
};

struct Trace {
  std::string role;
  std::vector<Moment> moments;
  std::vector<PairOutcome> pairs;  ///< highest priority first
};

/// What `stile connect --explain` has written. Throws CommandError, which names the file and what
/// is wrong with it.
Trace read_trace(std::istream& input, const std::string& file);

}  // namespace stile::explain
