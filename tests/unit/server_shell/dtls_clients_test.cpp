#include <algorithm>
#include <catch2/catch.hpp>

#include <map>

#include "server/shell/dtls_clients.hpp"
#include "tests/unit/server_shell/hello.hpp"
#include "tests/unit/server_shell/test_certificate.hpp"
#include "tests/unit/server_shell/tls_peer.hpp"

using namespace stile;
using namespace stile::server;
using namespace stile::server::test;
using namespace std::literals;

namespace {

TransportAddress at(std::string_view text) {
  return TransportAddress::parse(text).value();
}

/// A server without sockets, and the datagrams that go to and fro.
struct DtlsServer {
  explicit DtlsServer(const ClientLimits& with = {}) : limits(with) {}

  FiveTuple from(const TransportAddress& client) const {
    return {client, at("198.51.100.1:5349"), Transport::udp};
  }

  void take(const TransportAddress& client, Bytes datagram) {
    ByteVector buffer(datagram_headroom + datagram.size());
    std::ranges::copy(datagram, buffer.begin() + datagram_headroom);
    clients.handle_datagram(now, from(client), MutableBytes(buffer).subspan(datagram_headroom),
                            traffic_class);
  }
  std::deque<ByteVector> answers(const TransportAddress& client) {
    return std::exchange(out[client], {});
  }

  /// Until neither side has anything to say.
  void exchange(TlsPeer& peer, const TransportAddress& client) {
    for (bool moved = true; moved;) {
      moved = false;
      for (const ByteVector& datagram : std::exchange(peer.wire_out, {})) {
        take(client, datagram);
        moved = true;
      }
      for (const ByteVector& datagram : answers(client)) {
        peer.receive(datagram);
        moved = true;
      }
    }
  }
  void connect(TlsPeer& peer, const TransportAddress& client) {
    peer.handshake();
    exchange(peer, client);
  }

  void pass(Duration time) {
    now += time;
    clients.handle_timeout(now);
  }

  CertificateFolder folder;
  Certificates certificates{folder.files()};
  ClientLimits limits;
  ClientCounters counters;
  SeededRandom random{1};
  std::map<TransportAddress, std::deque<ByteVector>> out;
  std::vector<std::string> messages;
  std::vector<FiveTuple> closed;
  bool has_allocation = false;
  IpAddress denied;
  bool echoes = false;
  std::uint8_t traffic_class = 0;
  std::vector<std::uint8_t> sent_with;
  Instant now{1'000'000s};
  DtlsClients clients{limits,
                      certificates,
                      {},
                      random,
                      counters,
                      {[this](const FiveTuple& five_tuple, MutableBytes message) {
                         messages.emplace_back(as_text(message));
                         const relay::IpFields fields{clients.traffic_class(), false};
                         if (echoes) clients.send(five_tuple, message, fields);
                       },
                       [this](const FiveTuple& five_tuple) { closed.push_back(five_tuple); },
                       [this](const FiveTuple&) { return has_allocation; },
                       [this](const IpAddress& client) { return client != denied; }},
                      [this](const FiveTuple& to, Bytes datagram, relay::IpFields fields) {
                        out[to.client].push_back(copy_of(datagram));
                        sent_with.push_back(fields.traffic_class);
                      }};
};

const TransportAddress alice = at("192.0.2.7:40000");
const TransportAddress bob = at("192.0.3.8:40000");

TlsPeer dtls_peer(TlsPeer::Wish wish = {}) {
  wish.dtls = true;
  return TlsPeer(wish);
}

}  // namespace

TEST_CASE_METHOD(DtlsServer,
                 "server: a DTLS client sends back its cookie, and both sides' messages arrive",
                 "[server][rfc6347-4.2.1]") {
  auto peer = dtls_peer({.alpn = "\x09stun.turn"});
  connect(peer, alice);
  REQUIRE(peer.is_open());
  CHECK(peer.alpn() == "stun.turn");
  CHECK(counters.dtls_hello_verify_requests == 1);
  CHECK(counters.dtls_handshakes == 1);
  echoes = true;
  peer.send("hello");
  exchange(peer, alice);
  CHECK(messages == std::vector{"hello"s});
  CHECK(peer.received == "hello");
}

TEST_CASE_METHOD(DtlsServer,
                 "GHSA-5x2p-4vqj-f6m4: a hello without a cookie makes no state and draws fewer "
                 "bytes than it has",
                 "[server][regression][rfc6347-4.2.1]") {
  for (std::uint8_t i = 0; i < 200; ++i) {
    const ByteVector hello = Hello{.random = i, .rest = i * 10u}.datagram();
    take(alice, hello);
    for (const ByteVector& answer : answers(alice)) CHECK(answer.size() < hello.size());
  }
  CHECK(counters.dtls_hello_verify_requests == 200);
  CHECK(counters.dtls_sessions_now == 0);
  CHECK(clients.poll_timeout() == never);
}

TEST_CASE_METHOD(DtlsServer, "server: a client that is not served gets no cookie",
                 "[server][client-gate]") {
  denied = alice.ip;
  take(alice, Hello{}.datagram());
  CHECK(answers(alice).empty());
  take(bob, Hello{}.datagram());
  CHECK(answers(bob).size() == 1);
  CHECK(counters.dtls_dropped == 1);
}

TEST_CASE_METHOD(DtlsServer, "server: a cookie from elsewhere makes no state",
                 "[server][rfc6347-4.2.1]") {
  auto peer = dtls_peer();
  peer.handshake();
  take(alice, peer.wire_out.front());
  peer.wire_out.clear();
  peer.receive(answers(alice).front());
  take(bob, peer.wire_out.front());
  CHECK(counters.dtls_sessions_now == 0);
  CHECK(answers(bob).size() == 1);
  CHECK(counters.dtls_hello_verify_requests == 2);
}

TEST_CASE_METHOD(DtlsServer, "server: what is no hello and belongs to nobody is dropped",
                 "[server][rfc7983-7]") {
  SeededRandom noise(7);
  for (int i = 0; i < 2000; ++i) {
    ByteVector datagram(1 + noise.below(300));
    noise.fill(datagram);
    datagram[0] = static_cast<std::uint8_t>(20 + noise.below(44));
    take(alice, datagram);
  }
  CHECK(answers(alice).empty());
  CHECK(counters.dtls_dropped == 2000);
  CHECK(counters.dtls_sessions_now == 0);
}

TEST_CASE_METHOD(DtlsServer, "server: a hello in several fragments is answered by its first one",
                 "[server][rfc6347-4.2.3]") {
  // A hello as large as one with post-quantum key shares, cut up by a small MTU.
  std::string protocols;
  for (int i = 0; i < 40; ++i) protocols += "\x1e" + std::string(28, 'x') + std::to_string(10 + i);
  auto peer = dtls_peer({.alpn = protocols + "\x09stun.turn", .mtu = 300});
  peer.handshake();
  REQUIRE(peer.wire_out.size() > 4);
  exchange(peer, alice);
  CHECK(peer.is_open());
  CHECK(counters.dtls_hello_verify_requests == 1);
  CHECK(counters.dtls_handshakes == 1);
  CHECK(counters.dtls_failures == 0);
}

TEST_CASE_METHOD(DtlsServer, "server: datagrams of a handshake never exceed a cautious MTU",
                 "[server][rfc6347-4.1.1.1]") {
  auto peer = dtls_peer();
  peer.handshake();
  for (int i = 0; i < 6 && !peer.is_open(); ++i) {
    for (const ByteVector& datagram : std::exchange(peer.wire_out, {})) take(alice, datagram);
    for (const ByteVector& datagram : answers(alice)) {
      CHECK(datagram.size() <= 1200);
      peer.receive(datagram);
    }
  }
  CHECK(peer.is_open());
}

TEST_CASE_METHOD(DtlsServer, "server: a DTLS client that offers other protocols only is refused",
                 "[server][rfc7301-3.2]") {
  auto peer = dtls_peer({.alpn = "\x02h2"});
  connect(peer, alice);
  CHECK(peer.has_failed);
  CHECK(counters.dtls_failures == 1);
  CHECK(counters.dtls_sessions_now == 0);
}

TEST_CASE_METHOD(DtlsServer,
                 "server: a DTLS client may begin anew, and the old association ends then",
                 "[server][rfc6347-4.2.8]") {
  auto first = dtls_peer();
  connect(first, alice);
  first.send("first");
  exchange(first, alice);
  auto second = dtls_peer();
  second.handshake();
  take(alice, second.wire_out.front());
  CHECK(closed.empty());  // anybody can send a hello
  second.wire_out.clear();
  second.receive(answers(alice).front());
  exchange(second, alice);
  CHECK(closed.size() == 1);
  second.send("second");
  exchange(second, alice);
  CHECK(messages == std::vector{"first"s, "second"s});
  CHECK(counters.dtls_sessions_now == 1);
}

TEST_CASE_METHOD(DtlsServer, "server: a hello that comes twice does not begin twice",
                 "[server][rfc6347-4.2.4]") {
  auto peer = dtls_peer();
  peer.handshake();
  take(alice, peer.wire_out.front());
  peer.wire_out.clear();
  peer.receive(answers(alice).front());
  const ByteVector hello = peer.wire_out.front();
  take(alice, hello);
  exchange(peer, alice);
  REQUIRE(peer.is_open());
  take(alice, hello);
  peer.send("still there");
  exchange(peer, alice);
  CHECK(messages == std::vector{"still there"s});
  CHECK(counters.dtls_handshakes == 1);
}

TEST_CASE_METHOD(DtlsServer, "server: a handshake that is not finished in time ends",
                 "[server][dtls]") {
  auto peer = dtls_peer();
  peer.handshake();
  take(alice, peer.wire_out.front());
  peer.wire_out.clear();
  peer.receive(answers(alice).front());
  for (const ByteVector& datagram : peer.wire_out) take(alice, datagram);
  CHECK(counters.dtls_sessions_now == 1);
  CHECK(clients.poll_timeout() <= now + 1s);
  pass(limits.handshake);
  CHECK(counters.dtls_sessions_now == 0);
  CHECK(closed.empty());
  pass(2s);
  CHECK(clients.poll_timeout() == never);
}

TEST_CASE_METHOD(DtlsServer,
                 "server: a DTLS client that says nothing, or nothing any more, is let go",
                 "[server][dtls]") {
  auto silent = dtls_peer();
  connect(silent, alice);
  pass(limits.first_message - 1ms);
  CHECK(counters.dtls_sessions_now == 1);
  pass(1s);
  CHECK(counters.dtls_sessions_now == 0);

  auto idle = dtls_peer();
  connect(idle, bob);
  idle.send("once");
  exchange(idle, bob);
  pass(limits.idle - 1s);
  has_allocation = true;
  pass(2s);
  CHECK(counters.dtls_sessions_now == 1);
  has_allocation = false;
  pass(1s);
  CHECK(counters.dtls_sessions_now == 0);
  REQUIRE(closed.size() == 1);
  CHECK(closed[0].client == bob);
  for (const ByteVector& datagram : answers(bob)) idle.receive(datagram);
  CHECK(idle.has_ended);
}

TEST_CASE_METHOD(
    DtlsServer,
    "server: an idle DTLS client is served again after its buffers have been given back",
    "[server][dtls]") {
  has_allocation = true;
  echoes = true;
  auto peer = dtls_peer();
  connect(peer, alice);
  for (const char* text : {"one", "two", "three"}) {
    peer.send(text);
    exchange(peer, alice);
    pass(3s);
    clients.send(FiveTuple{alice, at("198.51.100.1:5349"), Transport::dtls}, as_bytes("!"));
    pass(3s);
  }
  exchange(peer, alice);
  CHECK(peer.received == "one!two!three!");
}

TEST_CASE_METHOD(DtlsServer, "server: goodbye ends a DTLS association", "[server][dtls]") {
  auto peer = dtls_peer();
  connect(peer, alice);
  peer.send("hello");
  exchange(peer, alice);
  peer.close();
  exchange(peer, alice);
  CHECK(closed.size() == 1);
  CHECK(counters.dtls_sessions_now == 0);
}

TEST_CASE("server: unfinished DTLS handshakes are bounded for each prefix, the oldest makes room",
          "[server][dtls]") {
  ClientLimits limits;
  limits.handshakes = {10, 3};
  DtlsServer server(limits);
  std::deque<TlsPeer> peers;
  for (std::uint16_t i = 0; i < 5; ++i) {
    const TransportAddress client{alice.ip, static_cast<std::uint16_t>(1000 + i)};
    peers.emplace_back(TlsPeer::Wish{.dtls = true});
    peers.back().handshake();
    server.take(client, peers.back().wire_out.front());
    peers.back().wire_out.clear();
    peers.back().receive(server.answers(client).front());
    server.take(client, peers.back().wire_out.front());
  }
  CHECK(server.counters.dtls_sessions_now == 3);
  CHECK(server.counters.connections_evicted == 2);
  auto other = dtls_peer();
  server.connect(other, bob);
  CHECK(other.is_open());
}

TEST_CASE_METHOD(DtlsServer, "server: new DTLS handshakes take the new certificate",
                 "[server][certificates]") {
  auto before = dtls_peer();
  connect(before, alice);
  CHECK(before.server_name() == "turn.example");
  folder.put(make_certificate("a.new.example"));
  REQUIRE(certificates.reload_if_changed());
  auto after = dtls_peer();
  connect(after, bob);
  CHECK(after.server_name() == "a.new.example");
  before.send("as before");
  exchange(before, alice);
  CHECK(messages == std::vector{"as before"s});
}

TEST_CASE_METHOD(DtlsServer,
                 "server: a message that no DTLS record can hold is dropped and counted",
                 "[server][dtls]") {
  auto peer = dtls_peer();
  connect(peer, alice);
  const FiveTuple to{alice, at("198.51.100.1:5349"), Transport::dtls};
  clients.send(to, ByteVector(16'384, 'x'));
  clients.send(to, ByteVector(16'385, 'y'));
  exchange(peer, alice);
  CHECK(peer.received == std::string(16'384, 'x'));
  CHECK(counters.dtls_dropped == 1);
}

TEST_CASE_METHOD(DtlsServer, "server: DSCP and ECN of a DTLS client's data pass both ways",
                 "[server][rfc8656-14]") {
  auto peer = dtls_peer();
  traffic_class = 0xb9;
  connect(peer, alice);
  CHECK(std::ranges::count(sent_with, 0) == std::ssize(sent_with));  // the handshake's own
  sent_with.clear();
  echoes = true;
  peer.send("data");
  exchange(peer, alice);
  CHECK(messages == std::vector<std::string>{"data"});
  CHECK(sent_with == std::vector<std::uint8_t>{0xb9});
  sent_with.clear();
  traffic_class = 0;
  peer.send("more");
  exchange(peer, alice);
  CHECK(sent_with == std::vector<std::uint8_t>{0});
}
