#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "tests/unit/asio/session_pair.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;
using boost::asio::use_awaitable;

namespace {

struct Peer {
  Peer(boost::asio::io_context& context, Role role)
      : session(context.get_executor(), {.role = role}) {}

  boost::asio::awaitable<void> converse(Peer& other, std::string greeting) {
    const auto candidates = co_await session.async_gather(loopback, use_awaitable);
    other.session.set_remote_parameters({session.local_credentials()});
    for (const Candidate& candidate : candidates) other.session.add_remote_candidate(candidate);
    other.session.end_of_remote_candidates();
    co_await session.async_connect(use_awaitable);
    session.send(as_bytes(greeting));
    heard = as_text(co_await session.async_receive(use_awaitable));
  }

  Session session;
  std::string heard;
};

boost::asio::awaitable<void> read(Session& session, int count, std::string& all) {
  for (int i = 0; i < count; ++i) all += as_text(co_await session.async_receive(use_awaitable));
}

/// A session with the results of operations on it.
struct Waiting {
  explicit Waiting(boost::asio::io_context& context)
      : session(std::make_unique<Session>(context.get_executor(), Config{})) {}

  void start_all() {
    session->async_gather(loopback,
                          [this](boost::system::error_code error, auto) { gathered = error; });
    session->async_connect([this](boost::system::error_code error) { connected = error; });
    session->async_receive([this](boost::system::error_code error, auto) { received = error; });
  }

  std::unique_ptr<Session> session;
  std::optional<std::error_code> gathered, connected, received;
};

/// Holds its own session, and waits for what never comes.
boost::asio::awaitable<void> wait_forever(boost::asio::io_context& context) {
  Session session(context.get_executor(), {});
  co_await session.async_gather(loopback, use_awaitable);
  co_await session.async_receive(use_awaitable);
}

}  // namespace

TEST_CASE("session: coroutines gather, connect and receive", "[asio]") {
  boost::asio::io_context context(1);
  Peer a(context, Role::controlling);
  Peer b(context, Role::controlled);
  co_spawn(context, a.converse(b, "hello"), boost::asio::detached);
  co_spawn(context, b.converse(a, "there"), boost::asio::detached);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while ((a.heard.empty() || b.heard.empty()) && context.run_one_until(end) > 0) continue;
  CHECK(a.heard == "there");
  CHECK(b.heard == "hello");
}

TEST_CASE("session: what nobody waits for is kept, and read in order", "[asio]") {
  boost::asio::io_context context(1);
  Peer a(context, Role::controlling);
  Peer b(context, Role::controlled);
  co_spawn(context, a.converse(b, "1"), boost::asio::detached);
  co_spawn(context, b.converse(a, "1"), boost::asio::detached);
  while (a.heard.empty() || b.heard.empty())
    REQUIRE(context.run_one_for(std::chrono::seconds(10)) > 0);
  for (const char* each : {"2", "3", "4"}) a.session.send(as_bytes(each));
  context.poll();
  std::string all;
  co_spawn(context, read(b.session, 3, all), boost::asio::detached);
  while (all.size() < 3) REQUIRE(context.run_one_for(std::chrono::seconds(10)) > 0);
  CHECK(all == "234");
}

TEST_CASE("session: closing it ends what waits", "[asio]") {
  boost::asio::io_context context(1);
  Waiting waiting(context);
  waiting.start_all();
  SECTION("closed") {
    waiting.session->close();
  }
  SECTION("destroyed") {
    waiting.session.reset();
  }
  CHECK_FALSE(waiting.received);  // completion is never inside the call
  context.run_for(std::chrono::seconds(10));
  CHECK(context.stopped());
  CHECK(waiting.gathered.has_value());
  CHECK(waiting.connected == SessionErrc::closed);
  CHECK(waiting.received == SessionErrc::closed);
}

TEST_CASE("session: operations on a closed one end at once", "[asio]") {
  boost::asio::io_context context(1);
  Waiting waiting(context);
  waiting.session->close();
  waiting.start_all();
  context.run_for(std::chrono::seconds(10));
  CHECK(context.stopped());
  CHECK(waiting.gathered == SessionErrc::closed);
  CHECK(waiting.connected == SessionErrc::closed);
  CHECK(waiting.received == SessionErrc::closed);
}

TEST_CASE("session: of two operations of one kind the first is canceled", "[asio]") {
  boost::asio::io_context context(1);
  Waiting first(context);
  first.start_all();
  std::optional<std::error_code> second;
  first.session->async_receive([&](boost::system::error_code error, auto) { second = error; });
  while (!first.received) REQUIRE(context.run_one_for(std::chrono::seconds(10)) > 0);
  CHECK(*first.received == std::errc::operation_canceled);
  CHECK_FALSE(second);
  first.session->close();
  context.run_for(std::chrono::seconds(10));
  CHECK(second == SessionErrc::closed);
}

TEST_CASE("session: a context that ends takes waiting coroutines and their sessions with it",
          "[asio]") {
  std::weak_ptr<int> alive;
  {
    boost::asio::io_context context(1);
    auto held = std::make_shared<int>();
    alive = held;
    co_spawn(context, wait_forever(context), [held](std::exception_ptr) {});
    held.reset();
    for (int i = 0; i < 20; ++i) context.poll_one();
    CHECK_FALSE(alive.expired());
  }
  CHECK(alive.expired());
}
