// Two ICE sessions, each in a coroutine. In an application they are in two programs, and what goes
// through the channels here goes through its signalling.

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>

#include "stile/asio/session.hpp"

using namespace stile;
using boost::asio::use_awaitable;

/// All that the other side must know.
struct Description {
  ice::Credentials credentials;
  std::vector<ice::Candidate> candidates;
};
using Signalling = boost::asio::experimental::channel<void(boost::system::error_code, Description)>;

boost::asio::awaitable<void> converse(const char* name, ice::Role role, Signalling& to_peer,
                                      Signalling& from_peer) {
  const auto executor = co_await boost::asio::this_coro::executor;
  ice::Session session(executor, {.role = role});
  const InterfaceFilter filter{.loopback = true};  // this example needs no network
  Description own{.credentials = session.local_credentials(), .candidates = {}};
  own.candidates = co_await session.async_gather(filter, use_awaitable);
  co_await to_peer.async_send({}, std::move(own), use_awaitable);

  const Description peer = co_await from_peer.async_receive(use_awaitable);
  session.set_remote_parameters({peer.credentials});
  for (const ice::Candidate& candidate : peer.candidates) session.add_remote_candidate(candidate);
  session.end_of_remote_candidates();

  co_await session.async_connect(use_awaitable);  // throws if there is no path
  session.send(as_bytes("hello"));
  const ByteVector data = co_await session.async_receive(use_awaitable);
  std::printf("%s hears: %.*s\n", name, static_cast<int>(data.size()), as_text(data).data());
}

int main() {
  boost::asio::io_context context(1);
  Signalling a_to_b(context, 1);
  Signalling b_to_a(context, 1);
  co_spawn(context, converse("a", ice::Role::controlling, a_to_b, b_to_a), boost::asio::detached);
  co_spawn(context, converse("b", ice::Role::controlled, b_to_a, a_to_b), boost::asio::detached);
  context.run();
}
