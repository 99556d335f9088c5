#pragma once

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "stile/asio/session.hpp"

namespace stile::ice::test {

/// This test needs no network.
inline const InterfaceFilter loopback{.only = "lo", .loopback = true};

inline Config config_of(Role role) {
  Config config;
  config.role = role;
  config.trickle = true;
  return config;
}

/// One side, driven by callbacks; tests put more into them before they connect.
struct Side {
  Side(boost::asio::io_context& context, Role role, Session::Callbacks callbacks)
      : session(std::make_unique<Session>(context.get_executor(), config_of(role),
                                          std::move(callbacks))) {}

  std::unique_ptr<Session> session;
  std::vector<std::string> received;
};

/// Two sessions in one context that tell each other their candidates.
class SessionPair {
 public:
  SessionPair()
      : a(context, Role::controlling, callbacks(a, b)),
        b(context, Role::controlled, callbacks(b, a)) {}

  void meet();
  /// Runs handlers until it is so; answers whether it came to be within `limit`.
  template <class Condition>
  bool run_until(Condition condition, std::chrono::seconds limit = std::chrono::seconds(10)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition() && std::chrono::steady_clock::now() < end)
      if (context.run_one_until(end) == 0) break;
    return condition();
  }
  bool connect();

  boost::asio::io_context context{1};
  std::function<void(State)> on_state_of_a = [](State) {};
  std::function<void()> on_data_of_a = [] {};
  std::function<void()> on_candidate_of_a = [] {};
  Side a;
  Side b;

 private:
  Session::Callbacks callbacks(Side& own, Side& other);
};

}  // namespace stile::ice::test
