#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/core/account.hpp"
#include "stile/base/address.hpp"
#include "stile/base/instant.hpp"

namespace stile::relay {

/// RFC 8656 §7.2: relayed transport addresses come from the dynamic ports. Both ends belong to the
/// range. The relays of one server (one for each worker) must be given ranges that do not overlap.
struct PortRange {
  std::uint16_t first = 49152;
  std::uint16_t last = 65535;
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

/// 1:1 NAT in front of the server: what is bound at `internal` is told to clients as `external`.
struct ExternalAddress {
  IpAddress external;
  std::optional<IpAddress> internal;  ///< nothing: every relay address of the same family
};

/// Which peers clients may reach. The longest matching prefix decides, so an allow opens the range
/// that it names although it lies in a special-purpose range, and a deny inside it closes a part
/// again. Of equal prefixes a deny here wins over an allow, an allow over the built-in list.
struct PeerRules {
  std::vector<IpPrefix> allow;
  std::vector<IpPrefix> deny;
};

/// Which clients are served at all. The longest matching prefix decides; of equal ones deny wins.
/// Who is in none is served.
struct ClientRules {
  std::vector<IpPrefix> allow;
  std::vector<IpPrefix> deny;
};

/// RFC 5780 §6: the server answers on all four of {primary, alternate} address x {primary,
/// alternate} port.
struct BehaviorDiscovery {
  TransportAddress primary;
  TransportAddress alternate;
  friend bool operator==(const BehaviorDiscovery&, const BehaviorDiscovery&) = default;
};

/// Answers that anybody can draw out of the server with a forged source address (401, 438, 400,
/// Binding success), for each /24 of IPv4 and each /56 of IPv6. TCP, TLS and DTLS clients have
/// shown their address and are not limited.
struct RateLimit {
  unsigned per_second = 1000;  ///< 0: no limit
  unsigned burst = 2000;
  std::size_t buckets = 4096;  ///< prefixes share one when their hashes do; the table never grows
};

/// Bytes of application data a second, in each direction by itself; 0: no limit. What is more is
/// dropped, as on a link that is full; over TCP (RFC 6062) it is not read.
struct BandwidthLimits {
  std::uint64_t per_allocation = 0;
  std::uint64_t per_user = 0;
  std::uint64_t total = 0;
  friend bool operator==(const BandwidthLimits&, const BandwidthLimits&) = default;
};

/// Signs nonces.
using NonceKey = std::array<std::uint8_t, 32>;

/// RFC 7635: what an authorization server and this one share, by its name.
struct OauthKey {
  std::string kid;
  ByteVector key;  ///< of AES-GCM, 16 or 32 bytes
};

/// RFC 8489 §10: where clients find another server.
struct AlternateServer {
  TransportAddress address;
  std::string domain;  ///< in its certificate; empty: the same as in this server's
};

/// What every worker of a server shares. A running server is given another one as a whole.
struct Config {
  ClientRules clients;

  // Who may use the relay (RFC 8489 §9.2). Without users and secrets only Binding is served, unless
  // allow_anonymous.
  std::string realm = "stile";
  std::map<std::string, std::string> users;  ///< name to password
  std::vector<Account> accounts;             ///< users whose keys are known; `users` goes before
  std::vector<std::string> auth_secrets;     ///< TURN REST: user "EXPIRY[:name]", password
                                             ///< base64(HMAC(secret, user)) of SHA-1 or SHA-256
  bool strict_expiry = false;    ///< expired REST credentials may not even refresh what they made
  bool allow_anonymous = false;  ///< an open relay, RFC 8656 §7.2 check 1
  std::vector<OauthKey> oauth_keys;  ///< of authorization servers whose access tokens are good here
  std::string server_name;           ///< what these know this server by (RFC 7635 §6.1)
  std::vector<NonceKey>
      nonce_keys;  ///< shared by a fleet, see NonceKeys; empty: this server draws its own
  Duration nonce_lifetime = std::chrono::hours(1);

  // Where it relays from.
  std::vector<IpAddress> relay_addresses;  ///< the first of each family is used
  std::vector<ExternalAddress> external_addresses;
  PortRange relay_ports;
  unsigned open_attempts = 10;  ///< ports tried for one request before 508
  Duration port_quarantine =
      std::chrono::minutes(2);  ///< a freed port is not given to another user so long

  // Whom it relays to.
  PeerRules peers;
  std::vector<TransportAddress>
      own_addresses;  ///< the server's listeners (wildcards resolved); never peers
  std::vector<IpAddress>
      machine_addresses;  ///< of all its interfaces; where it neither listens nor relays is no peer

  // How long and how much (RFC 8656 §7.2, §9, §12).
  Duration default_lifetime = std::chrono::minutes(10);
  Duration max_lifetime = std::chrono::hours(1);
  Duration permission_lifetime = std::chrono::minutes(5);
  Duration channel_lifetime = std::chrono::minutes(10);
  Duration reservation_lifetime = std::chrono::seconds(30);
  std::size_t user_quota = 0;     ///< allocations and reservations of one user; 0: no limit
  std::size_t network_quota = 0;  ///< the same of all clients of an IPv4 /24 or an IPv6 /56
  std::size_t total_quota = 0;
  BandwidthLimits bandwidth;
  std::size_t permissions_per_allocation = 64;
  std::size_t channels_per_allocation = 64;
  bool tcp_relay = true;                        ///< TCP allocations (RFC 6062)
  std::size_t connections_per_allocation = 32;  ///< with peers over TCP, also being made
  std::size_t connections_per_user = 0;         ///< the same; 0: no limit
  std::size_t total_connections = 0;
  Duration connect_timeout = std::chrono::seconds(30);  ///< RFC 6062 §5.2: at least 30 s
  Duration bind_timeout = std::chrono::seconds(30);     ///< RFC 6062 §5.2, §5.3
  bool mobility = false;  ///< clients may take allocations along to other addresses (RFC 8016)
  bool rfc5766_channels = true;  ///< bind 0x5000-0x7FFF as well
  RateLimit unauthenticated;
  /// Wrong credentials over TCP, TLS and DTLS, where `unauthenticated` does not hold: beyond, a
  /// prefix's credentials are not looked at (500).
  RateLimit guesses{50, 200};

  std::vector<AlternateServer> alternate_servers;  ///< where clients are sent when this one is full
  bool redirect_always = false;                    ///< there are no new allocations but theirs
  std::optional<BehaviorDiscovery> behavior_discovery;
  std::string software =
      "Stile";  ///< SOFTWARE of authenticated Allocate and Refresh answers; empty: none

  /// RFC 8016 §5: without credentials anybody could take an allocation along.
  bool serves_mobility() const { return mobility && !allow_anonymous; }
  bool serves_relays() const {
    return allow_anonymous || !users.empty() || !accounts.empty() || !auth_secrets.empty() ||
           !oauth_keys.empty();
  }
};

}  // namespace stile::relay
