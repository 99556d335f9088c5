#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "server/shell/data_connection.hpp"
#include "server/shell/poller.hpp"

using namespace stile;
using namespace stile::server;
using Side = DataConnection::Side;
using State = DataConnection::State;

namespace {

/// One end for the test, the other for the connection.
struct Pair {
  Pair() {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    outer = Descriptor(ends[0]);
    inner = Descriptor(ends[1]);
  }
  /// As much as the socket takes.
  std::size_t fill(std::size_t most) const {
    const ByteVector bytes(4096, 0x5a);
    std::size_t sent = 0;
    while (sent < most) {
      const ssize_t count =
          send(outer.fd(), bytes.data(), std::min(bytes.size(), most - sent), MSG_NOSIGNAL);
      if (count <= 0) break;
      sent += static_cast<std::size_t>(count);
    }
    return sent;
  }
  void say(std::string_view text) const {
    REQUIRE(send(outer.fd(), text.data(), text.size(), 0) > 0);
  }
  std::string hear() const {
    std::string text(65'536, 0);
    const ssize_t count = recv(outer.fd(), text.data(), text.size(), 0);
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }
  bool has_ended() const {
    char byte;
    return recv(outer.fd(), &byte, 1, 0) == 0;
  }
  Descriptor outer, inner;
};

struct Joined {
  explicit Joined(Bytes early = {})
      : connection(Instant{}, Stream(std::move(client.inner)), Stream(std::move(peer.inner)),
                   early) {}
  State relay() { return connection.relay(now, buffer, relayed); }
  Pair client, peer;
  DataConnection connection;
  DataConnection::Relayed relayed;
  ByteVector buffer = ByteVector(Stream::room_to_read);
  Instant now{};
};

}  // namespace

TEST_CASE_METHOD(Joined, "server: a data connection carries bytes both ways and counts them",
                 "[server][rfc6062-5.4]") {
  client.say("to the peer");
  peer.say("to the client");
  CHECK(relay() == State::open);
  CHECK(peer.hear() == "to the peer");
  CHECK(client.hear() == "to the client");
  CHECK(relayed.to_peer == 11);
  CHECK(relayed.from_peer == 13);
}

TEST_CASE("server: what the client sent behind its ConnectionBind comes first",
          "[server][rfc6062-5.4]") {
  Joined joined(as_bytes("early "));
  joined.client.say("late");
  CHECK(joined.relay() == State::open);
  CHECK(joined.peer.hear() == "early late");
}

TEST_CASE_METHOD(Joined, "server: a sender is not read while its receiver does not read",
                 "[server][rfc6062-3]") {
  std::size_t sent = 0, last = 1;
  for (std::size_t total = 0; total != last;
       total = sent) {  // until neither it nor the relay takes more
    last = sent;
    sent += client.fill(16 << 20);
    CHECK(relay() == State::open);
  }
  CHECK(connection.interest(Side::client, now) == Poller::nothing);
  CHECK(connection.interest(Side::peer, now) == (Poller::readable | Poller::writable));
  CHECK(sent < 16 << 20);
  std::size_t heard = 0;
  for (std::size_t some = 1; some != 0; heard += some) {
    some = peer.hear().size();
    CHECK(relay() == State::open);
  }
  CHECK(heard == sent);
  CHECK(connection.interest(Side::client, now) == Poller::readable);
}

TEST_CASE_METHOD(Joined, "server: each direction of a data connection ends by itself",
                 "[server][rfc6062-5.5]") {
  client.say("all of it");
  shutdown(client.outer.fd(), SHUT_WR);
  CHECK(relay() == State::open);
  CHECK(peer.hear() == "all of it");
  CHECK(peer.has_ended());
  CHECK(connection.interest(Side::client, now) == Poller::nothing);
  peer.say("an answer");
  shutdown(peer.outer.fd(), SHUT_WR);
  CHECK(relay() == State::ended);
  CHECK(client.hear() == "an answer");
  CHECK(client.has_ended());
}

TEST_CASE_METHOD(Joined, "server: the end of a direction waits for its last byte",
                 "[server][rfc6062-5.5]") {
  std::size_t sent = peer.fill(8 << 20);
  CHECK(relay() == State::open);
  sent += peer.fill(8 << 20);
  shutdown(peer.outer.fd(), SHUT_WR);
  shutdown(client.outer.fd(), SHUT_WR);
  std::size_t heard = 0;
  for (State state = State::open; state == State::open; heard += client.hear().size())
    state = relay();
  for (std::size_t some = 1; some != 0; heard += some) some = client.hear().size();
  CHECK(heard == sent);
  CHECK(client.has_ended());
}

TEST_CASE_METHOD(Joined, "server: a data connection whose receiver is gone is broken",
                 "[server][rfc6062-5.5]") {
  peer.outer = Descriptor();
  client.say("x");
  CHECK(relay() == State::open);  // the bytes have nowhere to go
  CHECK(relay() == State::broken);
}

TEST_CASE_METHOD(Joined, "server: a half-closed connection that is silent for four minutes is over",
                 "[server][rfc5382-REQ5]") {
  now += std::chrono::hours(1);
  CHECK_FALSE(connection.is_abandoned(now));
  shutdown(client.outer.fd(), SHUT_WR);
  peer.say("still here");
  relay();
  now += std::chrono::minutes(3);
  CHECK_FALSE(connection.is_abandoned(now));
  now += std::chrono::minutes(1);
  CHECK(connection.is_abandoned(now));
}

TEST_CASE_METHOD(Joined, "server: a side that there is no bandwidth for is not read until there is",
                 "[server][bandwidth][rfc6062-5.4]") {
  now += std::chrono::hours(1);
  const Instant later = now + std::chrono::seconds(2);
  connection.hold_up({.client = later, .peer = now});
  CHECK(connection.read_again(now) == later);
  CHECK(connection.interest(Side::client, now) == Poller::nothing);
  CHECK(connection.interest(Side::peer, now) == Poller::readable);
  client.say("too much");
  peer.say("an answer");
  CHECK(relay() == State::open);
  CHECK(peer.hear().empty());
  CHECK(client.hear() == "an answer");

  now = later;
  CHECK(connection.read_again(now) == never);
  CHECK(connection.interest(Side::client, now) == Poller::readable);
  CHECK(relay() == State::open);
  CHECK(peer.hear() == "too much");
}
