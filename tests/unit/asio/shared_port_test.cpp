#include "stile/asio/shared_port.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <deque>
#include <set>
#include <stdexcept>

#include "tests/unit/asio/session_pair.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

Config quick(Role role) {
  static const auto pacing = std::make_shared<SharedPacing>(std::chrono::microseconds(10));
  Config config = config_of(role);
  config.ipv6 = false;
  config.shared_pacing = pacing;
  return config;
}

/// Two sessions that tell each other their candidates, the first of which is at the shared port.
struct Couple {
  Couple(boost::asio::io_context& context, const SharedPort& port, std::string text)
      : said(std::move(text)),
        shared(std::make_unique<Session>(port, quick(Role::controlling), callbacks(own))),
        own(std::make_unique<Session>(context.get_executor(), quick(Role::controlled),
                                      callbacks(shared))) {}

  Session::Callbacks callbacks(std::unique_ptr<Session>& other) {
    Session::Callbacks callbacks;
    callbacks.on_candidate = [this, &other](const Candidate& candidate) {
      if (&other == &own) ports.insert(candidate.address.port);
      other->add_remote_candidate(candidate);
    };
    callbacks.on_data = [this, &other](ComponentId, Bytes data) {
      (&other == &own ? came_to_shared : came_to_own) = as_text(data);
    };
    return callbacks;
  }

  void meet() {
    shared->set_remote_parameters(own->local_parameters());
    own->set_remote_parameters(shared->local_parameters());
    shared->gather(loopback);
    own->gather(loopback);
  }

  bool completed() const {
    return shared->state() == State::completed && own->state() == State::completed;
  }

  std::string said;
  std::set<std::uint16_t> ports;  ///< of the shared one's candidates
  std::string came_to_shared;
  std::string came_to_own;
  std::unique_ptr<Session> shared;
  std::unique_ptr<Session> own;
};

struct Crowd {
  Crowd(std::size_t count) : port(context.get_executor()) {
    for (std::size_t i = 0; i < count; ++i)
      couples.emplace_back(context, port, "couple " + std::to_string(i));
  }

  template <class Condition>
  bool run_until_all(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(120);
    std::size_t good = 0;
    while (std::chrono::steady_clock::now() < end) {
      while (good < couples.size() && condition(couples[good])) ++good;
      if (good == couples.size()) return true;
      context.run_one_until(end);
    }
    return false;
  }
  bool connect() {
    for (Couple& couple : couples) couple.meet();
    return run_until_all([](const Couple& couple) { return couple.completed(); });
  }
  bool talk() {
    for (Couple& couple : couples) {
      couple.shared->send(as_bytes(couple.said));
      couple.own->send(as_bytes(couple.said));
      context.poll();
    }
    return run_until_all([](const Couple& couple) {
      return couple.came_to_own == couple.said && couple.came_to_shared == couple.said;
    });
  }

  boost::asio::io_context context{1};
  SharedPort port;
  std::deque<Couple> couples;
};

}  // namespace

TEST_CASE("shared port: two hundred sessions on one port, each with a peer of its own",
          "[asio][rfc8445-7.2.2]") {
  Crowd crowd(200);
  REQUIRE(crowd.connect());
  for (const Couple& couple : crowd.couples)
    CHECK(couple.ports == std::set<std::uint16_t>{crowd.port.port()});
  CHECK(crowd.talk());
  CHECK(crowd.port.size() == 200);
}

TEST_CASE("shared port: a session that ends leaves the others alone", "[asio]") {
  Crowd crowd(3);
  REQUIRE(crowd.connect());
  crowd.couples.pop_front();
  CHECK(crowd.talk());
  CHECK(crowd.port.size() == 2);
  crowd.couples.clear();
  CHECK(crowd.port.size() == 0);
  crowd.context.run_for(std::chrono::seconds(10));
  CHECK(crowd.context.stopped());
}

TEST_CASE("shared port: a session restarts there", "[asio][rfc8445-9]") {
  Crowd crowd(2);
  REQUIRE(crowd.connect());
  Couple& couple = crowd.couples.front();
  couple.shared->restart(loopback);
  couple.own->restart(loopback);
  couple.shared->set_remote_parameters(couple.own->local_parameters());
  couple.own->set_remote_parameters(couple.shared->local_parameters());
  REQUIRE(crowd.run_until_all([](const Couple& each) { return each.completed(); }));
  CHECK(crowd.talk());
}

TEST_CASE("shared port: it may go before its sessions", "[asio]") {
  Crowd crowd(2);
  crowd.port = SharedPort(crowd.context.get_executor());
  REQUIRE(crowd.connect());
  CHECK(crowd.talk());
}

TEST_CASE("shared port: what is for nobody is counted", "[asio]") {
  Crowd crowd(1);
  REQUIRE(crowd.connect());
  boost::asio::ip::udp::socket stranger(crowd.context, boost::asio::ip::udp::v4());
  stranger.send_to(boost::asio::buffer("\x80hello", 6),
                   {boost::asio::ip::address_v4::loopback(), crowd.port.port()});
  CHECK(crowd.run_until_all(
      [&](const Couple&) { return crowd.port.counters().unknown_address == 1; }));
}

TEST_CASE("shared port: what it cannot carry is refused in words", "[asio]") {
  boost::asio::io_context context;
  const SharedPort port(context.get_executor());
  Config config;
  SECTION("several components") {
    config.components = 2;
  }
  SECTION("a range of ports, as it has one") {
    config.ports = {50000, 50100};
  }
  SECTION("TURN over UDP") {
    config.turn_servers = {{*TransportAddress::parse("192.0.2.1:3478"), {"u", "p"}}};
  }
  CHECK_THROWS_AS(Session(port, config), std::invalid_argument);
}
