#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nat/core/nat.hpp"
#include "nat/ipv6/clat.hpp"
#include "nat/ipv6/firewall.hpp"
#include "nat/ipv6/nat64.hpp"
#include "nat/ipv6/nptv6.hpp"

namespace stile::nat::shell {

/// One of the cores that have IPv6 on a side, as the gateway runs it: one input, drain, sleep.
class Translator {
 public:
  virtual ~Translator() = default;
  virtual void handle_packet(Instant now, Side from, MutableBytes packet) = 0;
  virtual void handle_timeout(Instant) {}
  virtual Instant poll_timeout() const { return never; }
  virtual std::optional<Command> poll_command() = 0;
  virtual std::optional<Event> poll_event() { return std::nullopt; }

  // What the control socket is answered, one JSON object each; without the braces for the counters.
  virtual std::string describe_sessions(Instant now) const = 0;
  virtual std::string describe_counters() const = 0;
  /// Ends all state, and says how much.
  virtual std::size_t flush(Instant) { return 0; }
};

std::unique_ptr<Translator> make_translator(Nat64Config config, Random& random);
std::unique_ptr<Translator> make_translator(ClatConfig config);
std::unique_ptr<Translator> make_translator(Nptv6Config config);
std::unique_ptr<Translator> make_translator(FirewallConfig config);

}  // namespace stile::nat::shell
