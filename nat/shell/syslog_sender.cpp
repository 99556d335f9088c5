#include "nat/shell/syslog_sender.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

// RFC 5424 §6.2.1: facility local0, severity informational.
constexpr int priority = 16 * 8 + 6;

int connect_to(int fd, const TransportAddress& to) {
  if (to.ip.is_v4()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.port);
    address.sin_addr.s_addr = htonl(to.ip.v4_bits());
    return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(to.port);
  std::ranges::copy(to.ip.v6_bytes(), address.sin6_addr.s6_addr);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "-";
  return name.data();
}

}  // namespace

SyslogSender::SyslogSender(const TransportAddress& collector)
    : fd_(::socket(collector.ip.is_v4() ? AF_INET : AF_INET6,
                   SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      after_time_(fmt::format(" {} stile-nat {} - - ", host_name(), ::getpid())) {
  if (!fd_ || connect_to(fd_.get(), collector) != 0)
    throw Problem(with_errno("sending syslog to " + collector.to_string()));
}

void SyslogSender::add(std::string_view event, std::string_view time) {
  const std::string message = fmt::format("<{}>1 {}{}{}", priority, time, after_time_, event);
  if (::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) ++messages_lost_;
}

}  // namespace stile::nat::shell
