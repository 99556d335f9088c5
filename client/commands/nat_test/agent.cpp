#include "client/commands/nat_test/agent.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "client/commands/nat_test/line_stream.hpp"
#include "client/commands/nat_test/port_guard.hpp"
#include "client/commands/nat_test/raw_host.hpp"
#include "client/commands/run.hpp"
#include "nat/packet/ipv4.hpp"

namespace stile::nat_test {

namespace {

/// A client that has said nothing for so long is gone.
constexpr std::chrono::minutes patience{15};

control::Descriptor listen_at(const TransportAddress& at) {
  control::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(at.port);
  address.sin_addr.s_addr = htonl(at.ip.v4_bits());
  if (!socket ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), 4) != 0)
    throw CommandError("listening at " + at.to_string() + ": " + std::strerror(errno));
  return socket;
}

/// One client's test.
class Service {
 public:
  Service(const AgentOptions& options, RawHost& host, LineStream stream)
      : options_(options), host_(host), stream_(std::move(stream)), client_(stream_.remote().ip) {}

  void run() {
    bool is_open = true;
    while (is_open) {
      std::array<pollfd, 2> ready{{{stream_.fd(), POLLIN, 0}, {host_.fd(), POLLIN, 0}}};
      const int timeout = static_cast<int>(std::chrono::milliseconds(patience).count());
      if (::poll(ready.data(), ready.size(), timeout) == 0) return;
      if (ready[0].revents != 0) is_open = stream_.fill() && handle_lines();
      if (ready[1].revents != 0) is_open = forward_packets() && is_open;
    }
  }

 private:
  bool handle_lines() {
    while (const auto line = stream_.next())
      if (!handle(*line)) return false;
    return true;
  }

  bool handle(std::string_view line) {
    const auto space = std::min(line.find(' '), line.size());
    const std::string_view what = line.substr(0, space);
    const std::string_view value = line.substr(std::min(space + 1, line.size()));
    if (!is_known_) {
      is_known_ = what == "hello" && value == options_.token;
      if (!is_known_) return refuse("the token is another one");
      return stream_.write("addresses " + options_.addresses[0].to_string() + " " +
                           options_.addresses[1].to_string());
    }
    const auto packet = what == "send" ? from_hex(value) : std::nullopt;
    const auto ipv4 = packet ? nat::Ipv4View::parse(*packet) : std::nullopt;
    if (!ipv4) return refuse("this is no packet");
    if (std::ranges::count(options_.addresses, IpAddress::v4(ipv4->source())) == 0)
      return refuse("the packet is not from this agent");
    if (!may_send_to(IpAddress::v4(ipv4->destination())))
      return refuse("it may not send to " + IpAddress::v4(ipv4->destination()).to_string() +
                    "; the agent's --allow names others");
    host_.send(*packet);
    return true;
  }

  bool may_send_to(const IpAddress& destination) const {
    return destination == client_ ||
           std::ranges::any_of(options_.allowed, [&](const IpPrefix& prefix) {
             return prefix.contains(destination);
           });
  }

  bool refuse(const std::string& why) {
    stream_.write("error " + why);
    return false;
  }

  bool forward_packets() {
    while (const auto packet = host_.receive())
      if (is_known_ && !stream_.write("packet " + to_hex(*packet))) return false;
    return true;
  }

  const AgentOptions& options_;
  RawHost& host_;
  LineStream stream_;
  IpAddress client_;
  bool is_known_ = false;
};

}  // namespace

int run_agent(const AgentOptions& options) {
  const control::Descriptor listener = listen_at(options.listen);
  RawHost host(options.addresses, options.listen.port);
  const PortGuard guard(options.addresses);
  fmt::print("{{\"ready\":true,\"listen\":\"{}\"}}\n", options.listen.to_string());
  std::fflush(stdout);
  for (;;) {
    control::Descriptor client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    const int on = 1;
    ::setsockopt(client.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    while (host.receive()) {
    }
    Service(options, host, LineStream(std::move(client))).run();
  }
}

}  // namespace stile::nat_test
