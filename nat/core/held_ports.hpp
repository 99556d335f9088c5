#pragma once

#include <deque>
#include <optional>

#include "nat/core/endpoint.hpp"
#include "nat/core/flow_table.hpp"
#include "stile/base/instant.hpp"

namespace stile::nat {

/// RFC 6888 REQ-8: external ports that were somebody's a short while ago. Who had one may have it
/// again; what is still sent to it is not meant for anybody else.
class HeldPorts {
 public:
  explicit HeldPorts(Random& random) : by_port_(random) {}

  struct Port {
    Protocol protocol = Protocol::udp;
    Endpoint external;
  };
  void reserve(std::size_t count) { by_port_.reserve(count); }
  void hold(Instant until, Port port, std::uint32_t owner);
  /// True if `owner` had it; then it is held no longer.
  bool take_back(Port port, std::uint32_t owner);
  std::optional<Port> pop_due(Instant now);
  /// The one that has been held for longest.
  std::optional<Port> pop_oldest();
  void forget(Port port) { by_port_.erase(key_of(port)); }
  void forget_address(std::uint32_t external);

  Instant earliest() const { return queue_.empty() ? never : queue_.front().until; }
  std::size_t size() const { return by_port_.size(); }

 private:
  struct Held {
    std::uint32_t owner = 0;
    Instant until{};
  };
  struct Entry {
    Instant until;
    Port port;
  };
  std::optional<Port> pop();
  static FlowKey key_of(Port port) { return flow_key(port.protocol, port.external); }

  // All are held for the same time, so the queue is in order. Entries of what was taken back stay.
  std::deque<Entry> queue_;
  FlowTable<Held> by_port_;
};

}  // namespace stile::nat
