#include "nat/shell/event_deliveries.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "control/socket_address.hpp"
#include "nat/shell/problem.hpp"

namespace stile::nat::shell {

namespace {

bool should_wait() {
  return errno == EAGAIN || errno == EINTR;
}

/// Of `HTTP/1.1 200 OK`; 0 if it is none.
unsigned status_of(std::string_view answer) {
  constexpr std::string_view version = "HTTP/1.x ";
  constexpr std::size_t digits = 3;
  unsigned status = 0;
  if (!answer.starts_with("HTTP/1.") || answer.size() < version.size() + digits) return 0;
  const std::string_view text = answer.substr(version.size(), digits);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  return error == std::errc() && end == text.data() + text.size() ? status : 0;
}

}  // namespace

EventDeliveries::EventDeliveries(std::string interface, const IpAddress& local)
    : interface_(std::move(interface)), local_(local), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw Problem(with_errno("epoll"));
}

/// A message that finds no connection has its answer at once.
void EventDeliveries::begin(Instant now, const upnp::Notification& notification) {
  Descriptor fd = connect(notification.to);
  if (!fd) {
    answers_.push_back({notification.subscription, 0});
    return;
  }
  watch(fd.get(), EPOLLOUT, EPOLL_CTL_ADD);
  deliveries_.push_back({std::move(fd),
                         notification.subscription,
                         notification.message,
                         now + longest_delivery,
                         0,
                         {}});
}

Descriptor EventDeliveries::connect(const TransportAddress& to) const {
  Descriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const control::SocketAddress from({local_, 0});
  const control::SocketAddress subscriber(to);
  if (!fd ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, interface_.c_str(),
                   static_cast<socklen_t>(interface_.size())) != 0 ||
      ::bind(fd.get(), from.get(), from.length) != 0 ||
      (::connect(fd.get(), subscriber.get(), subscriber.length) != 0 && errno != EINPROGRESS))
    return {};
  return fd;
}

void EventDeliveries::watch(int fd, std::uint32_t events, int operation) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  ::epoll_ctl(epoll_.get(), operation, fd, &event);
}

void EventDeliveries::handle_ready() {
  std::array<epoll_event, max_deliveries> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    const auto delivery =
        std::ranges::find(deliveries_, fd, [](const Delivery& d) { return d.fd.get(); });
    if (delivery != deliveries_.end() && !go_on(*delivery)) end(delivery);
  }
}

void EventDeliveries::handle_due(Instant now) {
  while (poll_timeout() <= now) end(deliveries_.begin());
}

bool EventDeliveries::go_on(Delivery& delivery) {
  return delivery.sent < delivery.message.size() ? write(delivery) : read(delivery);
}

bool EventDeliveries::write(Delivery& delivery) {
  while (delivery.sent < delivery.message.size()) {
    const ssize_t length = ::send(delivery.fd.get(), delivery.message.data() + delivery.sent,
                                  delivery.message.size() - delivery.sent, MSG_NOSIGNAL);
    if (length < 0) return should_wait();
    delivery.sent += static_cast<std::size_t>(length);
  }
  watch(delivery.fd.get(), EPOLLIN, EPOLL_CTL_MOD);
  return true;
}

bool EventDeliveries::read(Delivery& delivery) {
  std::array<char, 1024> buffer;
  const ssize_t length = ::recv(delivery.fd.get(), buffer.data(), buffer.size(), 0);
  if (length < 0) return should_wait();
  delivery.answer.append(buffer.data(), static_cast<std::size_t>(length));
  return length > 0 && delivery.answer.size() < max_answer &&
         delivery.answer.find("\r\n\r\n") == std::string::npos;
}

void EventDeliveries::end(std::list<Delivery>::iterator delivery) {
  answers_.push_back({delivery->subscription, status_of(delivery->answer)});
  deliveries_.erase(delivery);
}

std::optional<EventDeliveries::Answer> EventDeliveries::poll_answer() {
  if (answers_.empty()) return std::nullopt;
  const Answer answer = answers_.front();
  answers_.pop_front();
  return answer;
}

}  // namespace stile::nat::shell
