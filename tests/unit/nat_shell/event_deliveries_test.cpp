#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "control/socket_address.hpp"
#include "nat/shell/event_deliveries.hpp"

namespace stile::nat::shell {

namespace {

using namespace std::chrono_literals;

const IpAddress local = IpAddress::v4(127, 0, 0, 1);

/// Takes connections, in the kernel at first.
struct Subscriber {
  Subscriber() : listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    control::SocketAddress any({local, 0});
    REQUIRE(::bind(listener.get(), any.get(), any.length) == 0);
    REQUIRE(::listen(listener.get(), 64) == 0);
    control::SocketAddress bound;
    REQUIRE(::getsockname(listener.get(), bound.get(), &bound.length) == 0);
    address = bound.transport_address();
  }

  Descriptor listener;
  TransportAddress address;
};

upnp::Notification notification(std::uint32_t number, const TransportAddress& to) {
  return {{number, 1}, to, "NOTIFY " + std::to_string(number)};
}

struct Bench {
  /// Goes on until a message has its answer.
  EventDeliveries::Answer next_answer() {
    for (;;) {
      if (const auto answer = deliveries.poll_answer()) return *answer;
      pollfd ready{deliveries.fd(), POLLIN, 0};
      REQUIRE(::poll(&ready, 1, 10'000) == 1);
      deliveries.handle_ready();
    }
  }
  /// What a message is answered with by a subscriber that says `text`, and closes.
  unsigned status_after(const std::string& text) {
    deliveries.begin(now, notification(7, subscriber.address));
    const Descriptor connection(::accept(subscriber.listener.get(), nullptr, nullptr));
    pollfd ready{deliveries.fd(), POLLIN, 0};
    REQUIRE(::poll(&ready, 1, 10'000) == 1);
    deliveries.handle_ready();
    std::string heard(64, '\0');
    heard.resize(static_cast<std::size_t>(
        std::max(ssize_t{0}, ::recv(connection.get(), heard.data(), heard.size(), 0))));
    CHECK(heard == "NOTIFY 7");
    REQUIRE(::send(connection.get(), text.data(), text.size(), 0) ==
            static_cast<ssize_t>(text.size()));
    ::shutdown(connection.get(), SHUT_WR);
    const auto answer = next_answer();
    CHECK(answer.subscription == upnp::SubscriptionId{7, 1});
    return answer.status;
  }

  Subscriber subscriber;
  Instant now{1h};
  EventDeliveries deliveries{"lo", local};
};

}  // namespace

TEST_CASE("event deliveries: the status of the answer", "[nat][shell][events]") {
  Bench bench;
  CHECK(bench.status_after("HTTP/1.1 200 OK\r\n\r\n") == 200);
  CHECK(bench.status_after("HTTP/1.0 412 Precondition Failed\r\nX: y\r\n") == 412);
  CHECK(bench.status_after("HTTP/1.1 200") == 200);
  CHECK(bench.status_after("HTTP/1.1 20") == 0);
  CHECK(bench.status_after("HTTP/1.1 2x0 OK\r\n\r\n") == 0);
  CHECK(bench.status_after("hello, world\r\n\r\n") == 0);
  CHECK(bench.status_after(std::string(5000, 'x')) == 0);
  CHECK(bench.status_after("") == 0);
}

TEST_CASE("event deliveries: who refuses the connection has not answered", "[nat][shell][events]") {
  Bench bench;
  const TransportAddress nobody = Subscriber().address;
  bench.deliveries.begin(bench.now, notification(1, nobody));
  CHECK(bench.next_answer().status == 0);
  CHECK(bench.deliveries.poll_timeout() == never);
}

TEST_CASE("event deliveries: they are few at a time, and have little time",
          "[nat][shell][events]") {
  Bench bench;
  std::uint32_t count = 0;
  for (; bench.deliveries.has_place() && count < 100; ++count)
    bench.deliveries.begin(bench.now, notification(count, bench.subscriber.address));
  CHECK(count == 16);
  CHECK(bench.deliveries.poll_timeout() == bench.now + 5s);
  bench.deliveries.handle_due(bench.now + 4999ms);
  CHECK_FALSE(bench.deliveries.has_place());
  bench.deliveries.handle_due(bench.now + 5s);
  CHECK(bench.deliveries.has_place());
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto answer = bench.deliveries.poll_answer();
    REQUIRE(answer);
    CHECK(answer->subscription.index == i);
    CHECK(answer->status == 0);
  }
  CHECK_FALSE(bench.deliveries.poll_answer());
  CHECK(bench.deliveries.poll_timeout() == never);
}

}  // namespace stile::nat::shell
