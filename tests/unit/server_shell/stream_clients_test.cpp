#include <catch2/catch.hpp>

#include <deque>

#include "tests/unit/server_shell/stream_server.hpp"

using namespace stile;
using namespace stile::server;
using namespace stile::server::test;
using namespace std::literals;

namespace {

ClientLimits small_queue() {
  ClientLimits limits;
  limits.queue.bytes = 64 * 1024;
  return limits;
}

ClientLimits with_room_for(std::size_t all, std::size_t per_prefix) {
  ClientLimits limits;
  limits.connections = {all, per_prefix};
  return limits;
}

struct Behind : StreamServer {
  Behind() : StreamServer({}, {IpPrefix::parse("127.0.0.0/8").value()}) {}
};

/// A client that does not read, and more relayed data for it than the kernel and its queue hold.
struct Slow : StreamServer {
  Slow() : StreamServer(small_queue()), caller(address) {
    caller.say(binding);
    run();
    to = messages.at(0).first;
    for (int i = 0; i < sent; ++i) {
      std::string number = std::to_string(i);
      clients.send(now, to, as_bytes(channel_data(number.append(996 - number.size(), ' '))));
      if (i % 16 == 0) clients.flush(now);
    }
  }
  /// It reads again, to the end.
  std::string read_all() {
    std::string stream;
    for (std::string heard = caller.hear(); !heard.empty(); heard = caller.hear()) {
      run();
      stream += heard;
    }
    return stream;
  }
  static constexpr int sent = 20'000;
  Caller caller;
  FiveTuple to;
};

}  // namespace

TEST_CASE_METHOD(StreamServer, "server: messages of a stream are told apart, however they come",
                 "[server][rfc8489-6.2.2][rfc8656-12.5]") {
  Caller caller(address);
  caller.say(binding + binding + channel_data("five5"));
  run();
  REQUIRE(messages.size() == 3);
  CHECK(messages[0].first == FiveTuple{caller.local(), address, Transport::tcp});
  CHECK(messages[1].second == binding);
  CHECK(messages[2].second == channel_data("five5").substr(0, 9));
  for (const char byte : binding) {
    caller.say({&byte, 1});
    run();
  }
  CHECK(messages.size() == 4);
}

TEST_CASE_METHOD(StreamServer, "server: what is neither a message nor TLS ends the connection",
                 "[server][rfc8489-6.2.2]") {
  for (const std::string& text :
       {"GET / HTTP/1.1\r\n"s, "\xff\xff\xff\xff"s, "\x16\x03\x01\xff\xff\x01\xff\xff\xff"s,
        "\x00\x01\x00\x00 no magic cookie"s, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"s}) {
    Caller caller(address);
    caller.say(text);
    run();
    caller.hear();
    CHECK(caller.ended);
  }
  CHECK(counters.malformed_streams == 5);
  CHECK(counters.connections_now == 0);
  CHECK(messages.empty());
  CHECK(closed.empty());
}

TEST_CASE_METHOD(StreamServer, "server: one port serves TLS and plain by the first byte",
                 "[server][rfc7983-7]") {
  Caller plain(address), secure(address);
  plain.say(binding);
  TlsPeer peer({});
  connect(secure, peer);
  REQUIRE(peer.is_open());
  peer.send(binding);
  exchange(secure, peer);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].first.transport == Transport::tcp);
  CHECK(messages[1].first == FiveTuple{secure.local(), address, Transport::tls});
  clients.send(now, messages[1].first, as_bytes(channel_data("to you")));
  exchange(secure, peer);
  CHECK(peer.received == channel_data("to you"));
  CHECK(counters.tls_handshakes == 1);
}

TEST_CASE_METHOD(StreamServer, "server: TLS 1.2 and 1.3, and nothing older", "[server][tls]") {
  const auto opens = [&](int version) {
    Caller caller(address);
    TlsPeer peer({.version = version});
    connect(caller, peer);
    return peer.is_open();
  };
  CHECK(opens(TLS1_2_VERSION));
  CHECK(opens(TLS1_3_VERSION));
  CHECK_FALSE(opens(TLS1_1_VERSION));
  CHECK(counters.tls_failures <= 1);
}

TEST_CASE_METHOD(StreamServer, "server: ALPN names TURN or NAT discovery, others are refused",
                 "[server][rfc7443-2][rfc7301-3.2]") {
  const auto chosen = [&](const std::string& offer) {
    Caller caller(address);
    TlsPeer peer({.alpn = offer});
    connect(caller, peer);
    return peer.is_open() ? "'" + peer.alpn() + "'" : "refused"s;
  };
  CHECK(chosen("\x09stun.turn") == "'stun.turn'");
  CHECK(chosen("\x12stun.nat-discovery") == "'stun.nat-discovery'");
  CHECK(chosen("\x02h2\x12stun.nat-discovery\x09stun.turn") == "'stun.turn'");
  CHECK(chosen("") == "''");
  CHECK(chosen("\x02h2\x08http/1.1") == "refused");
  CHECK(counters.tls_failures == 1);
}

TEST_CASE_METHOD(StreamServer, "server: a TLS hello may come byte by byte", "[server][tls]") {
  Caller caller(address);
  TlsPeer peer({});
  peer.handshake();
  for (const ByteVector& bytes : std::exchange(peer.wire_out, {}))
    for (const std::uint8_t byte : bytes) {
      caller.say(Bytes(&byte, 1));
      run();
    }
  peer.receive(as_bytes(caller.hear()));
  exchange(caller, peer);
  CHECK(peer.is_open());
}

TEST_CASE_METHOD(StreamServer,
                 "server: TLS records with several messages, and messages in several records",
                 "[server][tls]") {
  Caller caller(address);
  TlsPeer peer({});
  connect(caller, peer);
  has_allocation = true;
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += channel_data(std::string(1000, static_cast<char>('a' + i % 26)));
  peer.send(text);
  exchange(caller, peer);
  CHECK(messages.size() == 100);
}

TEST_CASE_METHOD(Behind, "server: a PROXY header says whose connection it is, plain or TLS",
                 "[server][proxy]") {
  Caller plain(address), secure(address), own(address);
  plain.say("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n" + binding);
  secure.say("PROXY TCP4 192.0.2.8 198.51.100.1 40000 443\r\n");
  TlsPeer peer({});
  connect(secure, peer);
  peer.send(binding);
  exchange(secure, peer);
  own.say("PROXY UNKNOWN\r\n" + binding);
  run();
  REQUIRE(messages.size() == 3);
  CHECK(messages[0].first.client == TransportAddress::parse("192.0.2.7:40000"));
  CHECK(messages[1].first ==
        FiveTuple{TransportAddress::parse("192.0.2.8:40000").value(), address, Transport::tls});
  CHECK(messages[2].first.client == own.local());
}

TEST_CASE_METHOD(
    Behind, "server: a connection from a balancer without a right header is closed and counted",
    "[server][proxy]") {
  Caller without(address), wrong(address), twice(address), again(address);
  without.say(binding);
  wrong.say("PROXY TCP4 nobody\r\n");
  twice.say("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n" + binding);
  run();
  CHECK(counters.malformed_proxy_headers == 2);
  again.say("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n" + binding);
  run();
  again.hear();
  CHECK(again.ended);
  CHECK(messages.size() == 1);
  CHECK(closed.empty());
}

TEST_CASE_METHOD(StreamServer, "server: who says nothing, or nothing whole, is closed in time",
                 "[server][limits]") {
  Caller silent(address), half(address), half_hello(address), handshaking(address), later(address);
  half.say(binding.substr(0, 10));
  half_hello.say("\x16\x03\x01");
  TlsPeer peer({});
  peer.handshake();
  handshaking.say(peer.wire_out.front());
  later.say(binding);
  run();
  pass(4900ms);
  CHECK(counters.connections_now == 5);
  later.say(binding + "\x40");
  run();
  pass(200ms);
  pass(1s);
  CHECK(counters.connections_now == 1);
  CHECK(counters.connections_too_slow == 4);
  pass(4s);
  CHECK(counters.connections_now == 0);
  CHECK(closed.size() == 1);
}

TEST_CASE_METHOD(StreamServer, "server: a TLS client has five seconds more for its first message",
                 "[server][limits]") {
  Caller caller(address);
  TlsPeer peer({});
  pass(4s);
  connect(caller, peer);
  pass(4s);
  CHECK(counters.connections_now == 1);
  pass(2s);
  CHECK(counters.connections_now == 0);
  peer.receive(as_bytes(caller.hear()));
  CHECK(peer.has_ended);
}

TEST_CASE_METHOD(StreamServer, "server: idle clients stay as long as they have an allocation",
                 "[server][limits]") {
  Caller caller(address);
  caller.say(binding);
  run();
  has_allocation = true;
  pass(limits.idle + 1s);
  pass(5min);
  CHECK(counters.connections_now == 1);
  has_allocation = false;
  pass(1s);
  CHECK(counters.connections_now == 0);
}

TEST_CASE_METHOD(StreamServer, "server: a large message is for those who have an allocation",
                 "[server][limits]") {
  const std::string large = channel_data(std::string(65'535, 'x'));
  Caller stranger(address), known(address);
  stranger.say(binding + large);
  run();
  CHECK(counters.malformed_streams == 1);
  has_allocation = true;
  known.say(binding + large);
  run();
  CHECK(messages.back().second.size() == 4 + 65'535);
}

TEST_CASE("server: silent connections make room for new ones of their prefix", "[server][limits]") {
  StreamServer server(with_room_for(10, 4));
  Caller speaker(server.address);
  speaker.say(binding);
  server.run();
  std::deque<Caller> silent;
  for (int i = 0; i < 20; ++i) silent.emplace_back(server.address);
  server.run();
  CHECK(server.counters.connections_now == 4);
  CHECK(server.counters.connections_evicted == 17);
  Caller late(server.address);
  late.say(binding);
  speaker.say(binding);
  server.run();
  CHECK(server.messages.size() == 3);
  CHECK(server.closed.empty());
}

TEST_CASE("server: a prefix full of clients that speak takes no more", "[server][limits]") {
  StreamServer server(with_room_for(10, 2));
  Caller one(server.address), two(server.address);
  one.say(binding);
  two.say(binding);
  server.run();
  Caller three(server.address);
  server.run();
  three.hear();
  CHECK(three.ended);
  CHECK(server.counters.connections_refused == 1);
}

TEST_CASE_METHOD(
    Slow, "server: a client that does not read loses the oldest relayed data, in whole messages",
    "[server][queue]") {
  CHECK(counters.messages_dropped_full > 1000);
  const std::string stream = read_all();
  REQUIRE(stream.size() % 1000 == 0);
  CHECK(stream.size() / 1000 + counters.messages_dropped_full == sent);
  int last = -1;
  for (std::size_t at = 0; at < stream.size(); at += 1000) {
    REQUIRE(stream.substr(at, 4) == "\x40\0\x03\xe4"s);
    const int number = std::stoi(stream.substr(at + 4));
    REQUIRE(number > last);
    last = number;
  }
  CHECK(last == sent - 1);
}

TEST_CASE_METHOD(Slow, "server: relayed data that has waited too long is not sent any more",
                 "[server][queue]") {
  now += 2s;
  clients.send(now, to, as_bytes(channel_data("young")));
  run();
  CHECK(counters.messages_dropped_old > 10);
  const std::string stream = read_all();
  CHECK(stream.ends_with(channel_data("young")));
  CHECK(stream.size() / 1000 + counters.messages_dropped_full + counters.messages_dropped_old ==
        sent);
}

TEST_CASE_METHOD(Slow, "server: an answer is never dropped, and overtakes what is",
                 "[server][queue]") {
  std::string answer = binding;
  answer[0] = 1;
  clients.send(now, to, as_bytes(answer));
  now += 1min;
  clients.flush(now);
  CHECK(read_all().find(answer) != std::string::npos);
}

TEST_CASE_METHOD(StreamServer, "server: who does not read answers is not read from",
                 "[server][limits]") {
  on_message = [&](const FiveTuple& five_tuple) {
    clients.send(now, five_tuple, as_bytes(binding));
  };
  Caller caller(address);
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += binding;
  std::size_t said = 0;
  for (std::size_t more = 1; more > 0; said += more) {
    more = caller.say(many);
    run();
  }
  const std::size_t answered = messages.size();
  CHECK(answered < said / binding.size());
  CHECK(counters.connections_now == 1);
  std::size_t heard = 0;
  for (std::string text = caller.hear(); !text.empty(); text = caller.hear()) {
    heard += text.size();
    run();
  }
  CHECK(messages.size() == said / binding.size());
  CHECK(heard == messages.size() * binding.size());
}

TEST_CASE_METHOD(StreamServer, "server: a connection can be released in the midst of its messages",
                 "[server][rfc6062-5.4]") {
  std::optional<StreamClients::Released> released;
  on_message = [&](const FiveTuple& five_tuple) {
    clients.send(now, five_tuple, as_bytes(binding));
    released = clients.release(five_tuple);
  };
  Caller caller(address);
  caller.say(binding + "what the peer shall get");
  run();
  REQUIRE(released);
  CHECK(as_text(released->early) == "what the peer shall get");
  CHECK(caller.hear() == binding);
  CHECK(counters.connections_now == 0);
  CHECK(closed.empty());
  CHECK_FALSE(caller.ended);
  released->stream.write(as_bytes("from the peer"));
  CHECK(caller.hear() == "from the peer");
}

TEST_CASE_METHOD(StreamServer, "server: new TLS connections take the new certificate",
                 "[server][certificates]") {
  Caller one(address), two(address);
  TlsPeer before({}), after({});
  connect(one, before);
  folder.put(make_certificate("a.new.example"));
  REQUIRE(certificates.reload_if_changed());
  connect(two, after);
  CHECK(before.server_name() == "turn.example");
  CHECK(after.server_name() == "a.new.example");
  before.send(binding);
  exchange(one, before);
  CHECK(messages.size() == 1);
}

TEST_CASE_METHOD(StreamServer, "server: a client that hangs up is told of", "[server][tcp]") {
  {
    Caller caller(address);
    caller.say(binding);
    run();
  }
  run();
  REQUIRE(closed.size() == 1);
  CHECK(closed[0] == messages[0].first);
  CHECK(counters.connections_now == 0);
}

TEST_CASE_METHOD(StreamServer, "server: the connection of a client that is not served is closed",
                 "[server][client-gate]") {
  denied = IpAddress::v4(127, 0, 0, 1);
  Caller caller(address);
  caller.say(binding);
  run();
  caller.hear();
  CHECK(caller.ended);
  CHECK(messages.empty());
  CHECK(counters.connections_refused == 1);
}

TEST_CASE_METHOD(Behind, "server: behind a balancer it is the client who is not served",
                 "[server][client-gate]") {
  denied = *IpAddress::parse("192.0.2.7");
  Caller refused(address), served(address);
  refused.say("PROXY TCP4 192.0.2.7 198.51.100.1 4000 3478\r\n" + binding);
  served.say("PROXY TCP4 192.0.2.8 198.51.100.1 4000 3478\r\n" + binding);
  run();
  refused.hear();
  served.hear();
  CHECK(refused.ended);
  CHECK_FALSE(served.ended);
  CHECK(messages.size() == 1);
}
