#pragma once

#include <list>
#include <string>

#include "nat/shell/descriptor.hpp"
#include "nat/shell/event_deliveries.hpp"
#include "nat/shell/http_request.hpp"
#include "nat/shell/interface.hpp"
#include "nat/shell/service.hpp"
#include "nat/upnp/discovery.hpp"
#include "nat/upnp/gateway_device.hpp"

namespace stile::nat::shell {

/// The UPnP Internet Gateway Device on the inside: found by SSDP, controlled over HTTP; its
/// events go to who has subscribed.
class UpnpService : public Service {
 public:
  /// The device announces itself. `nat` and `random` outlive this. Throws Problem.
  UpnpService(const Interface& inside, std::uint16_t http_port, bool own_address_only, Nat& nat,
              Random& random, Instant now);
  /// And takes its leave.
  ~UpnpService() override;
  UpnpService(const UpnpService&) = delete;
  UpnpService& operator=(const UpnpService&) = delete;

  int fd() const override { return epoll_.get(); }
  const TransportAddress& address() const { return device_.config().http; }
  void handle_ready(Instant now) override;
  void handle_due(Instant now) override;
  Instant poll_timeout() const override;
  const upnp::Publisher& publisher() const { return device_.publisher(); }

 private:
  // Limit: clients at one time; the one that has waited longest goes.
  static constexpr std::size_t max_clients = 32;
  // Limit: searches that are answered in a second.
  static constexpr int max_searches = 20;

  struct Client {
    Descriptor fd;
    IpAddress ip;
    std::string input;
    std::string answer;
    std::size_t sent = 0;
  };

  void watch(int fd, std::uint32_t events, int operation);
  void deliver(Instant now);
  void answer_searches(Instant now);
  bool is_within_rate(Instant now);
  void announce(upnp::Presence presence);
  void send(const std::string& datagram, const TransportAddress& to);
  void accept_clients();
  /// False when the client is done with.
  bool serve(Client& client, Instant now);
  bool read_request(Client& client, Instant now);
  bool write_answer(Client& client);
  std::string respond(const Client& client, const HttpMessage& request, Instant now);

  Descriptor epoll_;
  Descriptor ssdp_;
  Descriptor listener_;
  upnp::GatewayDevice device_;
  EventDeliveries deliveries_;
  std::list<Client> clients_;
  Instant next_announcement_;
  Instant searches_since_{};
  int searches_ = 0;
};

}  // namespace stile::nat::shell
