#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nat/core/nat.hpp"
#include "nat/shell/options.hpp"
#include "nat/shell/placement.hpp"
#include "nat/shell/service.hpp"
#include "nat/shell/state_file.hpp"

namespace stile::nat::shell {

/// One of the cores, as the gateway runs it: one input, drain, sleep.
class Translator {
 public:
  virtual ~Translator() = default;
  /// As Nat::handle_packet().
  virtual Verdict handle_packet(Instant now, Side from, MutableBytes packet) = 0;
  /// As Nat::prefetch().
  virtual void prefetch(Side, std::span<const Bytes>) {}
  virtual void handle_timeout(Instant) {}
  virtual Instant poll_timeout() const { return never; }
  virtual std::optional<Command> poll_command() = 0;
  virtual std::optional<Event> poll_event() { return std::nullopt; }

  /// What runs beside it from now on, and is its own. Throws Problem.
  virtual std::vector<Service*> start_services(Instant) { return {}; }
  /// Addresses of interfaces, or what fits through them, are others now. Nothing if it goes on as
  /// before. Throws Problem.
  virtual std::optional<Placement> follow_interfaces(Instant) { return std::nullopt; }
  /// Timers, limits and forwards are those of `options` from now on. Throws UsageProblem, and has
  /// changed nothing then.
  virtual void reconfigure(Instant, const RunOptions&) {}
  /// Takes up a session of one before this; see Nat::restore().
  virtual void restore(Instant, const SessionInfo&) {}
  virtual void restore(Instant, const SavedMapping&) {}
  /// Ends all state, and says how much.
  virtual std::size_t flush(Instant) { return 0; }

  // One JSON object each, for the control socket.

  virtual std::string describe_sessions(Instant now) const = 0;
  virtual std::string describe_counters() const = 0;
  virtual std::string describe_setup() const = 0;
  /// What is translated to what, for the line on standard output.
  virtual std::string describe_purpose() const = 0;
};

}  // namespace stile::nat::shell
