#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "server/core/relay.hpp"
#include "server/fastpath/kernel_relay.hpp"
#include "server/fastpath/routes.hpp"
#include "server/shell/kernel_counters.hpp"

namespace stile::server {

/// A worker's bound channels, as far as the kernel may relay them.
class KernelFlows {
 public:
  /// What the kernel has relayed and nobody has been told yet. Called within the methods below.
  using Tell = std::function<void(const FiveTuple&, relay::RelaySocketId,
                                  const relay::Traffic& to_peer, const relay::Traffic& from_peer)>;

  /// `allowed`: as allow() has it.
  KernelFlows(KernelRelay& relay, bool allowed, Tell tell);

  /// `relayed`: what the socket is bound to.
  void bind(const relay::BindFlow& flow, const TransportAddress& relayed);
  void unbind(const relay::UnbindFlow& flow);
  /// Whether anything may be relayed past the server, which limits what it relays itself.
  void allow(bool allowed);
  /// Tells what all of them have relayed.
  void tell_all();

  const KernelCounters& counters() const { return counters_; }

  /// The generation has changed: see to all of them, some at each timeout.
  void renew();
  Instant poll_timeout() const { return to_renew_.empty() ? never : Instant{}; }
  void handle_timeout();

 private:
  using Id = std::uint64_t;
  struct Known {
    FiveTuple five_tuple;
    relay::RelaySocketId socket;
    Flow flow;
    std::uint32_t generation = 0;       ///< that it was put in under; 0: it is not in the kernel
    relay::Traffic to_peer, from_peer;  ///< told already
  };

  static Id id_of(relay::RelaySocketId socket, stun::ChannelNumber channel);
  void put_in(Known& known);
  void take_out(Known& known);
  void tell(Known& known, const std::optional<flow_entry>& to_peer,
            const std::optional<flow_entry>& from_peer);

  KernelRelay& relay_;
  bool allowed_;
  Tell tell_;
  Routes routes_;
  std::unordered_map<Id, Known> flows_;
  std::vector<Id> to_renew_;
  KernelCounters counters_;
};

}  // namespace stile::server
