#pragma once

#include <vector>

#include "server/core/config.hpp"

namespace stile::relay {

/// Whether clients may exchange data with an address at all. Every method asks here:
/// CreatePermission, ChannelBind, Send and what peers send. A permission is the cached verdict of
/// its IP address.
class PeerGate {
 public:
  explicit PeerGate(const Config& config);

  /// The address and every IPv4 address inside it are allowed.
  bool admits(const IpAddress& peer) const;
  /// The same, and the port is not 0, and at the server's own addresses one that clients relay
  /// from: what else listens there is for others than strangers. An allow for such an address opens
  /// it, but for the listeners. An IPv4 address inside is judged likewise.
  bool admits(const TransportAddress& peer) const {
    return admits(peer.ip) && admits_endpoint(peer);
  }
  /// The second half alone, for a peer whose IP address has a permission.
  bool admits_endpoint(const TransportAddress& peer) const;

 private:
  enum class Origin : std::uint8_t {
    special_purpose,
    translation,
    allow,
    deny
  };  ///< the later wins
  struct Rule {
    IpPrefix prefix;
    Origin origin;
  };
  const Rule* decisive(const IpAddress& address) const;
  bool allowed(const IpAddress& address) const;
  bool endpoint_allowed(const TransportAddress& peer) const;
  bool is_opened(const IpAddress& address) const;
  void add_own(const IpAddress& address);
  void close_unless_known(const IpAddress& address);

  std::vector<Rule> rules_;
  std::vector<TransportAddress> own_;
  std::vector<IpAddress> relay_ports_only_;
  PortRange relay_ports_;
};

}  // namespace stile::relay
