#include "tests/unit/asio/session_pair.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

TEST_CASE("session: two sessions connect over the loopback and talk both ways", "[asio]") {
  SessionPair pair;
  REQUIRE(pair.connect());
  CHECK_FALSE(pair.a.session->send(as_bytes("hello")));
  CHECK_FALSE(pair.b.session->send(as_bytes("there")));
  CHECK(pair.run_until([&] { return !pair.a.received.empty() && !pair.b.received.empty(); }));
  CHECK(pair.b.received == std::vector<std::string>{"hello"});
  CHECK(pair.a.received == std::vector<std::string>{"there"});
}

TEST_CASE("session: a datagram of no bytes and one of the longest arrive whole", "[asio]") {
  SessionPair pair;
  REQUIRE(pair.connect());
  const std::string longest(60'000, 'x');
  CHECK_FALSE(pair.a.session->send({}));
  CHECK_FALSE(pair.a.session->send(as_bytes(longest)));
  CHECK(pair.run_until([&] { return pair.b.received.size() == 2; }));
  CHECK(pair.b.received == std::vector<std::string>{"", longest});
}

TEST_CASE("session: sending says why it cannot", "[asio]") {
  SessionPair pair;
  CHECK(pair.a.session->send(as_bytes("early")) == SessionErrc::no_path);
  pair.a.session->close();
  CHECK(pair.a.session->send(as_bytes("late")) == SessionErrc::closed);
}

TEST_CASE("session: its errors say in words what happened", "[asio]") {
  const auto code = GENERATE(SessionErrc::failed, SessionErrc::closed, SessionErrc::no_path,
                             SessionErrc::no_consent);
  CHECK(make_error_code(code).message() != "unknown");
  CHECK(make_error_code(code).category().name() == std::string("stile.session"));
}

TEST_CASE("session: after close nothing is left to do, and no callback follows", "[asio]") {
  SessionPair pair;
  REQUIRE(pair.connect());
  bool told = false;
  pair.on_state_of_a = [&](State) { told = true; };
  pair.a.session->close();
  pair.a.session->close();
  pair.b.session->close();
  pair.context.run_for(std::chrono::seconds(10));
  CHECK(pair.context.stopped());
  CHECK_FALSE(told);
  CHECK(pair.a.session->state() == State::closed);
}

TEST_CASE("session: whatever is asked of it after close does nothing", "[asio]") {
  SessionPair pair;
  pair.a.session->close();
  pair.a.session->gather(loopback);
  pair.a.session->set_remote_parameters({pair.b.session->local_credentials()});
  pair.a.session->end_of_remote_candidates();
  pair.context.run_for(std::chrono::seconds(10));
  CHECK(pair.context.stopped());
  CHECK(pair.a.session->state() == State::closed);
}

TEST_CASE("session: it may be closed inside each of its callbacks", "[asio]") {
  SessionPair pair;
  int calls = 0;
  const auto close = [&] {
    ++calls;
    pair.a.session->close();
  };
  SECTION("for a candidate") {
    pair.on_candidate_of_a = close;
  }
  SECTION("for the state") {
    pair.on_state_of_a = [&](State state) {
      if (state == State::connected) close();
    };
  }
  SECTION("for data") {
    pair.on_data_of_a = close;
    REQUIRE(pair.connect());
    pair.b.session->send(as_bytes("one"));
    pair.b.session->send(as_bytes("two"));
  }
  if (pair.a.session->state() == State::idle) pair.meet();
  CHECK(pair.run_until([&] { return calls > 0; }));
  CHECK(pair.a.session->state() == State::closed);
  pair.b.session->close();
  pair.context.run_for(std::chrono::seconds(10));
  CHECK(pair.context.stopped());
  CHECK(calls == 1);
}

TEST_CASE("session: it may be destroyed inside each of its callbacks", "[asio]") {
  SessionPair pair;
  const auto destroy = [&] { pair.a.session.reset(); };
  SECTION("for a candidate, with the whole gathering in progress") {
    pair.on_candidate_of_a = destroy;
    pair.meet();
  }
  SECTION("for the state") {
    pair.on_state_of_a = [&](State state) {
      if (state == State::connected) destroy();
    };
    pair.meet();
  }
  SECTION("for data") {
    pair.on_data_of_a = destroy;
    REQUIRE(pair.connect());
    pair.b.session->send(as_bytes("one"));
  }
  CHECK(pair.run_until([&] { return !pair.a.session; }));
  pair.b.session->close();
  pair.context.run_for(std::chrono::seconds(10));
  CHECK(pair.context.stopped());
}
