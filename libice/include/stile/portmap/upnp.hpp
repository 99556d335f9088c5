#pragma once

#include <expected>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "stile/portmap/mapping.hpp"

namespace stile::portmap {

/// Whom to ask over HTTP, and what.
struct HttpRequest {
  TransportAddress server;
  std::string path;
  std::string soap_action;  ///< for POST; a GET has none
  std::string body;
};
struct HttpAnswer {
  unsigned status = 0;
  std::string body;
};
/// Or why there is none, in one line.
using HttpOutcome = std::expected<HttpAnswer, std::string>;
/// Limit: longer bodies are not for us.
inline constexpr std::size_t longest_http_body = 65'536;

/// Where routers that know UPnP listen on the link (UPnP Device Architecture 1.1 §1.3.2).
inline const TransportAddress ssdp_group{IpAddress::v4(239, 255, 255, 250), 1900};

/// A service that maps ports: WANIPConnection, or WANPPPConnection.
struct UpnpService {
  std::string type;
  std::string control_path;
  std::uint16_t control_port = 0;
  friend bool operator==(const UpnpService&, const UpnpService&) = default;
};

/// Has a router map one port to this host, and keeps it mapped, by UPnP: an Internet Gateway
/// Device, of version 1 or 2.
///
/// Used as Mapping is, with one thing more: what poll_request() gives is to be asked over HTTP, one
/// after the other, from the address of Config::internal, and answered by handle_answer(). Routers
/// alone are believed: only Config::router's address is asked, whatever its answers name.
class UpnpMapping {
 public:
  /// `random` outlives the mapping.
  UpnpMapping(const Config& config, Random& random) : config_(config), random_(random) {}
  /// Whether this build can: it takes a library for XML.
  static bool is_supported();

  void request(Instant now);
  /// Gives it back; the router is told once, and nothing more happens.
  void close();

  /// An answer to a search, from the router's address and any port.
  void handle_datagram(Instant now, Bytes datagram);
  void handle_answer(Instant now, const HttpOutcome& outcome);
  void handle_timeout(Instant now);
  Instant poll_timeout() const;
  /// For ssdp_group.
  std::optional<ByteVector> poll_transmit();
  std::optional<HttpRequest> poll_request();
  std::optional<Event> poll_event();

  const std::optional<TransportAddress>& external() const { return external_; }
  bool is_searching() const { return step_ == Step::searching; }

 private:
  enum class Step : std::uint8_t { idle, searching, describing, asking_address, adding };

  void search();
  void take_description(Instant now, const HttpAnswer& answer);
  void ask_address(Instant now);
  void take_address(Instant now, const HttpAnswer& answer);
  void add();
  void take_added(Instant now, const HttpAnswer& answer);
  void granted(Instant now);
  void fail(Instant now, std::string reason);
  void lose(std::string reason);
  void post(const std::string& action, const std::string& arguments);

  Config config_;
  Random& random_;
  Step step_ = Step::idle;
  std::optional<stun::TransactionTimer> searching_;
  std::uint16_t description_port_ = 0;
  std::vector<UpnpService> services_;  ///< the first is asked; those before it were of no use
  std::uint16_t external_port_ = 0;
  std::optional<IpAddress> external_ip_;
  int ports_left_ = 0;      ///< to try where one is taken
  bool permanent_ = false;  ///< the router knows no leases
  std::optional<TransportAddress> external_;
  Instant renew_at_ = never;
  Instant ends_at_ = never;
  std::list<ByteVector> transmits_;
  std::list<HttpRequest> requests_;
  std::list<Event> events_;
};

}  // namespace stile::portmap
