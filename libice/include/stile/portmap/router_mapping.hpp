#pragma once

#include <list>
#include <optional>
#include <string>

#include "stile/portmap/mapping.hpp"
#include "stile/portmap/upnp.hpp"

namespace stile::portmap {

/// A mapping by whatever the router knows: PCP, NAT-PMP or UPnP. The last is tried when the others
/// are not answered at once, or refused; who answers first keeps it.
class RouterMapping {
 public:
  struct Transmit {
    TransportAddress to;
    ByteVector bytes;
  };

  /// `random` outlives the mapping.
  RouterMapping(const Config& config, Random& random)
      : config_(config), pcp_(config, random), upnp_(config, random) {}

  void request(Instant now);
  void close();

  /// Whether a datagram may be an answer of the router.
  bool expects(const TransportAddress& from, Bytes datagram) const;
  void handle_datagram(Instant now, const TransportAddress& from, Bytes datagram);
  void handle_answer(Instant now, const HttpOutcome& outcome);
  void handle_timeout(Instant now);
  Instant poll_timeout() const;
  std::optional<Transmit> poll_transmit();
  std::optional<HttpRequest> poll_request() { return upnp_.poll_request(); }
  std::optional<Event> poll_event();

  const Config& config() const { return config_; }
  const std::optional<TransportAddress>& external() const {
    return pcp_.external() ? pcp_.external() : upnp_.external();
  }

 private:
  enum class Try : std::uint8_t { none, under_way, mapped, lost };

  bool may_try_upnp() const;
  void try_upnp(Instant now);
  void take_events(Instant now);

  Config config_;
  Mapping pcp_;
  UpnpMapping upnp_;
  Try pcp_try_ = Try::none;
  Try upnp_try_ = Try::none;
  Instant upnp_at_ = never;
  std::string pcp_problem_;
  std::string upnp_problem_;
  std::list<Event> events_;
};

}  // namespace stile::portmap
