#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <set>

#include "asio/bind_within.hpp"
#include "tests/unit/asio/session_pair.hpp"

using namespace stile;
using namespace stile::ice;
using namespace stile::ice::test;

namespace {

using boost::asio::ip::tcp;
using boost::asio::ip::udp;
constexpr PortRange three{47210, 47212};
constexpr std::uint16_t discard_port = 9;  // RFC 6544 §4.5: what an active candidate tells
const udp::endpoint any_port(boost::asio::ip::address_v4::loopback(), 0);

struct Gathered {
  explicit Gathered(boost::asio::io_context& context, PortRange ports, bool with_tcp = false) {
    Config config = config_of(Role::controlling);
    config.ports = ports;
    config.tcp = with_tcp;
    config.ipv6 = false;
    Session::Callbacks callbacks;
    callbacks.on_candidate = [this](const Candidate& candidate) {
      candidates.push_back(candidate);
    };
    callbacks.on_gathering_done = [this] { done = true; };
    session.emplace(context.get_executor(), config, std::move(callbacks));
    session->gather(loopback);
    for (int i = 0; i < 100 && !done; ++i) context.run_one_for(std::chrono::milliseconds(100));
    REQUIRE(done);
  }
  std::vector<std::uint16_t> ports(Transport transport) const {
    std::vector<std::uint16_t> found;
    for (const Candidate& candidate : candidates)
      if (candidate.transport == transport && candidate.address.port != discard_port)
        found.push_back(candidate.address.port);
    return found;
  }

  std::vector<Candidate> candidates;
  bool done = false;
  std::optional<Session> session;
};

}  // namespace

TEST_CASE("session: its sockets have ports of the range, each session others, until none is free",
          "[asio]") {
  boost::asio::io_context context(1);
  std::vector<std::unique_ptr<Gathered>> sessions;
  std::set<std::uint16_t> seen;
  for (int i = 0; i < 3; ++i) {
    const auto& added = sessions.emplace_back(std::make_unique<Gathered>(context, three));
    REQUIRE(added->ports(Transport::udp).size() == 1);
    const std::uint16_t port = added->ports(Transport::udp).front();
    CHECK(three.contains(port));
    CHECK(seen.insert(port).second);
  }
  CHECK(Gathered(context, three).candidates.empty());
  sessions.erase(sessions.begin() + 1);
  CHECK(Gathered(context, three).ports(Transport::udp).size() == 1);
}

TEST_CASE("session: what takes TCP connections has ports of the range, and shares none",
          "[asio][rfc6544-5.1]") {
  boost::asio::io_context context(1);
  constexpr PortRange two{47220, 47221};
  const Gathered first(context, two, true);
  const auto ports = first.ports(Transport::tcp);
  // A passive one and one for simultaneous opens.
  REQUIRE(ports.size() == 2);
  CHECK(std::set(ports.begin(), ports.end()) == std::set<std::uint16_t>{47220, 47221});
  CHECK(Gathered(context, two, true).ports(Transport::tcp).empty());
}

TEST_CASE("bind within: it begins anywhere, and says which ports are all taken", "[asio]") {
  boost::asio::io_context context(1);
  SeededRandom random(1);
  std::set<std::uint16_t> first_choices;
  for (int i = 0; i < 50; ++i) {
    udp::socket socket(context, udp::v4());
    boost::system::error_code error;
    bind_within(socket, any_port, three, random, error);
    REQUIRE_FALSE(error);
    first_choices.insert(socket.local_endpoint().port());
  }
  CHECK(first_choices.size() == 3);

  std::vector<udp::socket> taken;
  boost::system::error_code error;
  for (int i = 0; i < 4; ++i) {
    REQUIRE_FALSE(error);
    taken.emplace_back(context, udp::v4());
    bind_within(taken.back(), any_port, three, random, error);
  }
  CHECK(bind_problem(three, error) == "none of the ports 47210-47212 is free");
  CHECK(bind_problem({}, error) == error.message());
}

TEST_CASE("session: a range that is none is refused", "[asio]") {
  boost::asio::io_context context(1);
  Config config = config_of(Role::controlling);
  config.ports = {5001, 5000};
  CHECK_THROWS_AS(Session(context.get_executor(), config), std::invalid_argument);
  config.ports = {0, 5000};
  CHECK_THROWS_AS(Session(context.get_executor(), config), std::invalid_argument);
}
