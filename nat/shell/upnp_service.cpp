#include "nat/shell/upnp_service.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "control/socket_address.hpp"
#include "nat/shell/inside_socket.hpp"
#include "nat/shell/problem.hpp"
#include "nat/upnp/device.hpp"

namespace stile::nat::shell {

namespace {

constexpr TransportAddress group{upnp::ssdp_group, upnp::ssdp_port};

/// The same for this interface whenever the program runs.
std::string uuid_of(const MacAddress& mac) {
  return fmt::format("{:02x}{:02x}{:02x}{:02x}-{:02x}{:02x}-5000-8000-7374696c6500", mac[0], mac[1],
                     mac[2], mac[3], mac[4], mac[5]);
}

Descriptor open_ssdp(const Interface& inside) {
  Descriptor socket = open_inside_socket(SOCK_DGRAM, Sharing::with_others, inside,
                                         {IpAddress::v4(0), upnp::ssdp_port}, "UPnP's discovery");
  ip_mreqn membership{};
  membership.imr_multiaddr.s_addr = htonl(upnp::ssdp_group.v4_bits());
  membership.imr_ifindex = inside.index;
  constexpr int hops = 2;  // UPnP Device Architecture 1.1 §1.2.2
  if (::setsockopt(socket.get(), IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) !=
          0 ||
      ::setsockopt(socket.get(), IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops) != 0)
    throw Problem(with_errno("joining UPnP's multicast group on " + inside.name));
  return socket;
}

Descriptor listen_at(const Interface& inside, std::uint16_t port) {
  Descriptor listener = open_inside_socket(SOCK_STREAM, Sharing::with_others, inside,
                                           {inside.addresses.front(), port}, "UPnP");
  if (::listen(listener.get(), 16) != 0) throw Problem(with_errno("listening for UPnP"));
  return listener;
}

TransportAddress local_address(const Descriptor& socket) {
  control::SocketAddress address;
  ::getsockname(socket.get(), address.get(), &address.length);
  return address.transport_address();
}

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 412:
      return "Precondition Failed";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

std::string to_text(const upnp::HttpResponse& response) {
  std::string fields;
  for (const auto& [name, value] : response.fields)
    fields += fmt::format("{}: {}\r\n", name, value);
  return fmt::format(
      "HTTP/1.1 {} {}\r\nServer: {}\r\nContent-Type: text/xml; charset=\"utf-8\"\r\n"
      "Content-Length: {}\r\n{}Ext:\r\nConnection: close\r\n\r\n{}",
      response.status, reason_of(response.status), upnp::server_name, response.body.size(), fields,
      response.body);
}

}  // namespace

UpnpService::UpnpService(const Interface& inside, std::uint16_t http_port, bool own_address_only,
                         Nat& nat, Random& random, Instant now)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      ssdp_(open_ssdp(inside)),
      listener_(listen_at(inside, http_port)),
      device_({local_address(listener_), uuid_of(inside.mac), inside.networks, own_address_only},
              nat, random, now),
      deliveries_(inside.name, address().ip),
      next_announcement_(now) {
  watch(ssdp_.get(), EPOLLIN, EPOLL_CTL_ADD);
  watch(listener_.get(), EPOLLIN, EPOLL_CTL_ADD);
  watch(deliveries_.fd(), EPOLLIN, EPOLL_CTL_ADD);
}

UpnpService::~UpnpService() {
  announce(upnp::Presence::byebye);
}

void UpnpService::watch(int fd, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  ::epoll_ctl(epoll_.get(), operation, fd, &event);
}

void UpnpService::handle_ready(Instant now) {
  std::array<epoll_event, max_clients + 3> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  bool newcomers = false;
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    if (fd == ssdp_.get()) answer_searches(now);
    if (fd == listener_.get()) newcomers = true;
    if (fd == deliveries_.fd()) deliveries_.handle_ready();
    const auto client = std::ranges::find(clients_, fd, [](const Client& c) { return c.fd.get(); });
    if (client != clients_.end() && !serve(*client, now)) clients_.erase(client);
  }
  // Last, so that a number that is given again is not taken for the client before.
  if (newcomers) accept_clients();
}

void UpnpService::handle_due(Instant now) {
  device_.handle_timeout(now);
  deliveries_.handle_due(now);
  deliver(now);
  if (next_announcement_ > now) return;
  announce(upnp::Presence::alive);
  next_announcement_ = now + upnp::announcement_interval;
}

Instant UpnpService::poll_timeout() const {
  return std::min({next_announcement_, device_.poll_timeout(), deliveries_.poll_timeout()});
}

/// Those that are waiting take the places of those that have ended.
void UpnpService::deliver(Instant now) {
  while (deliveries_.has_place()) {
    while (const auto answer = deliveries_.poll_answer())
      device_.handle_answer(now, answer->subscription, answer->status);
    const auto notification = device_.poll_notification();
    if (!notification) return;
    deliveries_.begin(now, *notification);
  }
}

void UpnpService::answer_searches(Instant now) {
  std::array<char, 2048> buffer;
  for (int i = 0; i < max_searches; ++i) {
    control::SocketAddress raw;
    const ssize_t length =
        ::recvfrom(ssdp_.get(), buffer.data(), buffer.size(), 0, raw.get(), &raw.length);
    if (length < 0) return;
    const TransportAddress from = raw.transport_address();
    const bool is_near =
        std::ranges::any_of(device_.config().networks,
                            [&](const IpPrefix& network) { return network.contains(from.ip); });
    if (!is_near || !is_within_rate(now)) continue;
    const std::string_view search(buffer.data(), static_cast<std::size_t>(length));
    for (const std::string& answer : upnp::answers_to_search(device_.config(), search))
      send(answer, from);
  }
}

bool UpnpService::is_within_rate(Instant now) {
  if (now - searches_since_ >= std::chrono::seconds(1)) {
    searches_since_ = now;
    searches_ = 0;
  }
  return ++searches_ <= max_searches;
}

void UpnpService::announce(upnp::Presence presence) {
  for (const std::string& notification : upnp::notifications(device_.config(), presence))
    send(notification, group);
}

void UpnpService::send(const std::string& datagram, const TransportAddress& to) {
  const control::SocketAddress address(to);
  static_cast<void>(
      ::sendto(ssdp_.get(), datagram.data(), datagram.size(), 0, address.get(), address.length));
}

void UpnpService::accept_clients() {
  for (;;) {
    control::SocketAddress from;
    Descriptor fd(
        ::accept4(listener_.get(), from.get(), &from.length, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) return;
    if (clients_.size() >= max_clients) clients_.pop_front();
    watch(fd.get(), EPOLLIN, EPOLL_CTL_ADD);
    clients_.push_back({std::move(fd), from.transport_address().ip, {}, {}, 0});
  }
}

bool UpnpService::serve(Client& client, Instant now) {
  return client.answer.empty() ? read_request(client, now) : write_answer(client);
}

bool UpnpService::read_request(Client& client, Instant now) {
  std::array<char, 4096> buffer;
  const ssize_t length = ::recv(client.fd.get(), buffer.data(), buffer.size(), 0);
  if (length < 0) return errno == EAGAIN || errno == EINTR;
  client.input.append(buffer.data(), static_cast<std::size_t>(length));
  const auto [state, request] = read_http_request(client.input);
  const bool is_too_long = client.input.size() > max_http_header + max_http_body;
  if (state == HttpState::incomplete && length > 0 && !is_too_long) return true;
  client.answer = state == HttpState::complete ? respond(client, request, now) : to_text({400, {}});
  watch(client.fd.get(), EPOLLOUT, EPOLL_CTL_MOD);
  return write_answer(client);
}

/// A page of the Web whose name leads here (DNS rebinding) does not name this address.
std::string UpnpService::respond(const Client& client, const HttpMessage& request, Instant now) {
  if (request.host != address().to_string() && request.host != address().ip.to_string())
    return to_text({400, {}});
  return to_text(device_.handle_request(
      now, client.ip, {request.method, request.target, request.body, request.subscription}));
}

bool UpnpService::write_answer(Client& client) {
  while (client.sent < client.answer.size()) {
    const ssize_t length = ::send(client.fd.get(), client.answer.data() + client.sent,
                                  client.answer.size() - client.sent, MSG_NOSIGNAL);
    if (length < 0) return errno == EAGAIN || errno == EINTR;
    client.sent += static_cast<std::size_t>(length);
  }
  return false;
}

}  // namespace stile::nat::shell
