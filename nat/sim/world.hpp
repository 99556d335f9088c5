#pragma once

#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "nat/packet/pcap.hpp"
#include "stile/base/bytes.hpp"
#include "stile/base/instant.hpp"
#include "stile/base/random.hpp"

namespace stile::sim {

/// The virtual clock and what is to happen on it. Of two things at the same instant the one planned
/// first comes first.
class World {
 public:
  explicit World(std::uint64_t seed) : seed_(seed) {}

  Instant now() const { return now_; }
  void at(Instant when, std::function<void()> what);
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  /// Until `done`, or nothing is left to happen, or the limit. True if it was done.
  bool run_until(const std::function<bool()>& done, Instant limit);

  /// Random numbers for one part of the world: another part more or less does not change them.
  SeededRandom random_for(const std::string& name) const;

  /// Each packet that crosses a segment goes into the trace's hash, and into the capture if there
  /// is one.
  void record(Bytes packet);
  std::uint64_t trace_hash() const { return trace_hash_; }
  void capture_to(const std::string& path) { capture_ = std::make_unique<nat::PcapWriter>(path); }

 private:
  struct Event {
    Instant when;
    std::uint64_t sequence;
    std::function<void()> what;
    bool operator<(const Event& other) const {
      return when != other.when ? when > other.when : sequence > other.sequence;
    }
  };
  std::uint64_t seed_;
  Instant now_{};
  std::uint64_t sequence_ = 0;
  std::priority_queue<Event> events_;
  std::uint64_t trace_hash_ = 0xcbf29ce484222325u;
  std::unique_ptr<nat::PcapWriter> capture_;
};

/// Wakes a core when it asks to be: call plan() after each of its inputs.
class Alarm {
 public:
  Alarm(World& world, std::function<Instant()> poll_timeout, std::function<void()> handle_timeout)
      : world_(world),
        poll_timeout_(std::move(poll_timeout)),
        handle_timeout_(std::move(handle_timeout)) {}
  void plan();

 private:
  World& world_;
  std::function<Instant()> poll_timeout_;
  std::function<void()> handle_timeout_;
  Instant planned_ = never;
};

}  // namespace stile::sim
