#include <poll.h>

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "stile/stile.h"

namespace {

stile_config config_of(stile_role role) {
  stile_config config = STILE_CONFIG_INIT;
  config.role = role;
  config.interface_name = "lo";
  config.loopback = 1;
  return config;
}

struct Peer {
  explicit Peer(const stile_config& config) {
    REQUIRE(stile_session_new(&config, &session) == STILE_OK);
  }
  ~Peer() { stile_session_free(session); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void take_events() {
    stile_event event = STILE_EVENT_INIT;
    while (stile_session_next_event(session, &event)) {
      types.push_back(event.type);
      if (event.type == STILE_EVENT_GATHERED) gathered = true;
      if (event.type == STILE_EVENT_SELECTED)
        selected = std::string(event.text) + " to " + event.remote_text;
      if (event.type == STILE_EVENT_DATA)
        received.emplace_back(static_cast<const char*>(event.data), event.size);
    }
  }
  std::string description() const {
    std::vector<char> text(8192);
    std::size_t size = text.size();
    REQUIRE(stile_session_local_description(session, text.data(), &size) == STILE_OK);
    return {text.data(), size};
  }
  bool send(const std::string& text) {
    return stile_session_send(session, 1, text.data(), text.size()) == STILE_OK;
  }

  stile_session* session = nullptr;
  bool gathered = false;
  std::string selected;
  std::vector<std::string> received;
  std::vector<stile_event_type> types;
};

/// Waits as a foreign loop does, until it is so; at most some hundred times.
template <class Condition>
bool run_until(std::vector<Peer*> peers, Condition&& done) {
  for (int i = 0; i < 2000 && !done(); ++i) {
    std::vector<pollfd> fds;
    int timeout = 1000;
    for (const Peer* peer : peers) {
      fds.push_back({stile_session_fd(peer->session), POLLIN, 0});
      const int wanted = stile_session_timeout(peer->session);
      if (wanted >= 0 && wanted < timeout) timeout = wanted;
    }
    poll(fds.data(), fds.size(), timeout);
    for (Peer* peer : peers) {
      stile_session_process(peer->session);
      peer->take_events();
    }
  }
  return done();
}

void introduce(Peer& a, Peer& b) {
  REQUIRE(stile_session_set_remote_description(a.session, b.description().c_str()) == STILE_OK);
  REQUIRE(stile_session_set_remote_description(b.session, a.description().c_str()) == STILE_OK);
}

void gather(Peer& a, Peer& b) {
  for (Peer* peer : {&a, &b}) {
    peer->gathered = false;
    REQUIRE(stile_session_gather(peer->session) == STILE_OK);
  }
  REQUIRE(run_until({&a, &b}, [&] { return a.gathered && b.gathered; }));
}

}  // namespace

TEST_CASE("c: two sessions in a loop of poll() meet and talk", "[c]") {
  Peer a(config_of(STILE_CONTROLLING));
  Peer b(config_of(STILE_CONTROLLED));
  CHECK(stile_session_state(a.session) == STILE_STATE_IDLE);
  CHECK(stile_session_timeout(a.session) == -1);
  CHECK_FALSE(a.send("early"));
  gather(a, b);
  introduce(a, b);
  REQUIRE(run_until({&a, &b}, [&] { return !a.selected.empty() && !b.selected.empty(); }));
  CHECK(stile_session_state(a.session) == STILE_STATE_COMPLETED);
  CHECK(a.selected.starts_with("candidate:"));
  CHECK(a.send("to and"));
  CHECK(b.send("fro"));
  REQUIRE(run_until({&a, &b}, [&] { return !a.received.empty() && !b.received.empty(); }));
  CHECK(a.received == std::vector<std::string>{"fro"});
  CHECK(b.received == std::vector<std::string>{"to and"});
}

TEST_CASE("c: a remote description with new credentials restarts", "[c][rfc8445-9]") {
  Peer a(config_of(STILE_CONTROLLING));
  Peer b(config_of(STILE_CONTROLLED));
  gather(a, b);
  introduce(a, b);
  REQUIRE(run_until({&a, &b}, [&] { return !a.selected.empty() && !b.selected.empty(); }));
  const std::string before = b.description();
  a.gathered = b.gathered = false;
  a.selected.clear();
  b.selected.clear();
  REQUIRE(stile_session_restart(a.session) == STILE_OK);
  REQUIRE(run_until({&a, &b}, [&] { return a.gathered; }));
  REQUIRE(stile_session_set_remote_description(b.session, a.description().c_str()) == STILE_OK);
  REQUIRE(run_until({&a, &b}, [&] { return b.gathered; }));
  CHECK(b.description() != before);
  REQUIRE(stile_session_set_remote_description(a.session, b.description().c_str()) == STILE_OK);
  REQUIRE(run_until({&a, &b}, [&] { return !a.selected.empty() && !b.selected.empty(); }));
  CHECK(a.send("again"));
  REQUIRE(run_until({&a, &b}, [&] { return !b.received.empty(); }));
}

TEST_CASE("c: a session may be freed in a callback of its own", "[c]") {
  struct Freed {
    int calls = 0;
  } freed;
  const stile_config config = config_of(STILE_CONTROLLING);
  stile_session* session = nullptr;
  REQUIRE(stile_session_new(&config, &session) == STILE_OK);
  REQUIRE(stile_session_gather(session) == STILE_OK);
  stile_session_dispatch(
      session,
      [](stile_session* own, const stile_event*, void* user) {
        ++static_cast<Freed*>(user)->calls;
        stile_session_free(own);
      },
      &freed);
  CHECK(freed.calls == 1);
}

TEST_CASE("c: an event of an earlier version is filled no further than it goes", "[c]") {
  const stile_config config = config_of(STILE_CONTROLLING);
  stile_session* session = nullptr;
  REQUIRE(stile_session_new(&config, &session) == STILE_OK);
  REQUIRE(stile_session_gather(session) == STILE_OK);
  stile_event event = STILE_EVENT_INIT;
  event.struct_size = offsetof(stile_event, degraded);
  event.degraded = 7;
  event.round_trip_time = 8;
  REQUIRE(stile_session_next_event(session, &event) == 1);
  CHECK(event.struct_size == offsetof(stile_event, degraded));
  CHECK(event.degraded == 7);
  CHECK(event.round_trip_time == 8);
  stile_session_free(session);
}

TEST_CASE("c: what cannot be used is said in words", "[c]") {
  stile_session* session = nullptr;
  stile_config config = config_of(STILE_CONTROLLING);
  config.struct_size = 4;
  CHECK(stile_session_new(&config, &session) == STILE_INVALID);
  CHECK(std::string(stile_error_text()) == "struct_size is not the size of a stile_config");
  CHECK(stile_session_new(nullptr, &session) == STILE_INVALID);

  config = config_of(STILE_CONTROLLING);
  stile_server server{"turn:[::1", nullptr, nullptr};
  config.servers = &server;
  config.server_count = 1;
  CHECK(stile_session_new(&config, &session) == STILE_INVALID);
  CHECK(std::string(stile_error_text()).starts_with("'turn:[::1': "));
  server.uri = "turns:192.0.2.1";
  config.ca_file = "/nowhere.pem";
  CHECK(stile_session_new(&config, &session) == STILE_INVALID);
  CHECK(std::string(stile_error_text()).starts_with("the certificates cannot be used: "));

  Peer peer(config_of(STILE_CONTROLLING));
  CHECK(stile_session_set_remote_description(peer.session, "a=ice-ufrag:abc") == STILE_INVALID);
  CHECK(stile_session_set_remote_description(peer.session, "") == STILE_INVALID);
  CHECK(stile_session_add_remote_candidate(peer.session, "candidate:?") == STILE_INVALID);
  CHECK(stile_session_restart(peer.session) == STILE_INVALID);
  CHECK(stile_session_send(peer.session, 0, "", 0) == STILE_INVALID);
  CHECK(stile_session_send(peer.session, 1, "x", 1) == STILE_NO_PATH);
  std::size_t size = 3;
  char small[3];
  CHECK(stile_session_local_description(peer.session, small, &size) == STILE_TOO_SMALL);
  std::vector<char> enough(size + 1);
  size = enough.size();
  CHECK(stile_session_local_description(peer.session, enough.data(), &size) == STILE_OK);
  CHECK(size + 1 == enough.size());
  stile_session_free(nullptr);
}

TEST_CASE("c: each pair is told with its statistics, and in words", "[c]") {
  Peer a(config_of(STILE_CONTROLLING));
  Peer b(config_of(STILE_CONTROLLED));
  gather(a, b);
  introduce(a, b);
  REQUIRE(run_until({&a, &b}, [&] { return !a.selected.empty() && !b.selected.empty(); }));
  CHECK(a.send("five!"));
  struct Seen {
    int selected = 0;
    std::string local, explanation;
    std::uint64_t bytes_sent = 0, responses_received = 0;
    double total_round_trip_time = 0;
  } seen;
  stile_session_for_each_pair(
      a.session,
      [](const stile_pair* pair, void* user) {
        if (!pair->selected) return;
        auto& told = *static_cast<Seen*>(user);
        ++told.selected;
        told.local = pair->local;
        told.explanation = pair->explanation;
        told.bytes_sent = pair->bytes_sent;
        told.responses_received = pair->responses_received;
        told.total_round_trip_time = pair->total_round_trip_time;
      },
      &seen);
  CHECK(seen.selected == 1);
  CHECK(seen.local.starts_with("candidate:"));
  CHECK(seen.explanation.starts_with("selected"));
  CHECK(seen.bytes_sent == 5);
  CHECK(seen.responses_received >= 1);
  CHECK(seen.total_round_trip_time > 0);
}

TEST_CASE("c: candidates over TCP, and names in place of addresses, if they are asked for", "[c]") {
  stile_config config = config_of(STILE_CONTROLLING);
  config.no_ipv6 = 1;
  config.tcp = config.mdns_names = GENERATE(0, 1);
  Peer peer(config);
  REQUIRE(stile_session_gather(peer.session) == STILE_OK);
  REQUIRE(run_until({&peer}, [&] { return peer.gathered; }));
  const bool is_on = config.tcp != 0;
  CHECK((peer.description().find("tcptype passive") != std::string::npos) == is_on);
  CHECK((peer.description().find(".local ") != std::string::npos) == is_on);
  CHECK((peer.description().find("127.0.0.1") != std::string::npos) == !is_on);
}

TEST_CASE("c: ports are of the range that is given, and it must be one", "[c]") {
  stile_config config = config_of(STILE_CONTROLLING);
  config.no_ipv6 = 1;
  config.port_min = config.port_max = 47230;
  {
    Peer peer(config);
    REQUIRE(stile_session_gather(peer.session) == STILE_OK);
    REQUIRE(run_until({&peer}, [&] { return peer.gathered; }));
    CHECK(peer.description().find(" 47230 typ host") != std::string::npos);
  }
  stile_session* session = nullptr;
  config.port_min = 47231;
  CHECK(stile_session_new(&config, &session) == STILE_INVALID);
  CHECK(std::string(stile_error_text()) == "ports 47231-47230 are no range");
  config.port_max = 65536;
  CHECK(stile_session_new(&config, &session) == STILE_INVALID);
}

TEST_CASE("c: which addresses are told, and whether UDP is used, can be chosen",
          "[c][rfc8828-5.2]") {
  stile_config config = config_of(STILE_CONTROLLING);
  config.no_ipv6 = 1;
  config.tcp = 1;
  config.policy = GENERATE(STILE_POLICY_ALL, STILE_POLICY_NO_HOST);
  config.no_udp = GENERATE(0, 1);
  Peer peer(config);
  REQUIRE(stile_session_gather(peer.session) == STILE_OK);
  REQUIRE(run_until({&peer}, [&] { return peer.gathered; }));
  const bool told = config.policy == STILE_POLICY_ALL;
  CHECK((peer.description().find("tcptype passive") != std::string::npos) == told);
  CHECK((peer.description().find(" UDP ") != std::string::npos) == (told && config.no_udp == 0));

  stile_session* session = nullptr;
  config.policy = static_cast<stile_policy>(3);
  CHECK(stile_session_new(&config, &session) == STILE_INVALID);
  CHECK(std::string(stile_error_text()) == "there is no such policy");
}

TEST_CASE("c: a caller of the first version gives a shorter configuration", "[c]") {
  stile_config config = config_of(STILE_CONTROLLING);
  config.detection_ms = 1;  // beyond what it says that it has
  config.struct_size = offsetof(stile_config, loopback) + sizeof(int);
  Peer old(config);
  config.struct_size = sizeof config;
  stile_session* session = nullptr;
  CHECK(stile_session_new(&config, &session) == STILE_INVALID);
  CHECK(std::string(stile_error_text()) == "detection_ms is 500 to 30000");
}
