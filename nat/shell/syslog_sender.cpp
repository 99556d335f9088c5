#include "nat/shell/syslog_sender.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "nat/shell/datagram_socket.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

// RFC 5424 §6.2.1: facility local0, severity informational.
constexpr int priority = 16 * 8 + 6;

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == 0) return "-";
  return name.data();
}

}  // namespace

SyslogSender::SyslogSender(const TransportAddress& collector)
    : fd_(connected_datagram_socket(collector)),
      after_time_(fmt::format(" {} stile-nat {} - - ", host_name(), ::getpid())) {
  if (!fd_) throw Problem(with_errno("sending syslog to " + collector.to_string()));
}

void SyslogSender::add(std::string_view event, std::string_view time) {
  const std::string message = fmt::format("<{}>1 {}{}{}", priority, time, after_time_, event);
  if (::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) ++messages_lost_;
}

}  // namespace stile::nat::shell
