#include <catch2/catch.hpp>

#include <string>

#include "server/shell/message_queue.hpp"

using namespace stile;
using namespace stile::server;
using namespace std::literals;

namespace {

struct Queued {
  std::size_t push(std::string_view text) { return queue.push(now, as_bytes(text)); }
  std::string take(std::size_t most = 1'000'000) {
    const Bytes head = queue.head(most);
    const std::string text(as_text(head));
    queue.pop(head);
    return text;
  }
  MessageQueue::Limits limits{10, 5, 1s};
  MessageQueue queue{limits};
  Instant now{};
};

}  // namespace

TEST_CASE_METHOD(Queued, "server: a queue gives back whole messages in order", "[server][queue]") {
  CHECK(queue.empty());
  CHECK(push("one") == 0);
  CHECK(push("two") == 0);
  CHECK(push("last") == 0);
  CHECK(queue.bytes() == 10);
  CHECK(take(7) == "onetwo");
  CHECK(take(1) == "last");
  CHECK(queue.empty());
  CHECK(take().empty());
}

TEST_CASE_METHOD(Queued, "server: a full queue drops whole messages from its head",
                 "[server][queue]") {
  push("aaaa");
  push("bbbb");
  CHECK(push("ccc") == 1);
  CHECK(push("dddddddd") == 2);
  CHECK(take() == "dddddddd");
  push("e");
  CHECK(push("0123456789") == 1);
  CHECK(take() == "0123456789");
}

TEST_CASE_METHOD(Queued, "server: a message larger than the queue is dropped, and no other",
                 "[server][queue]") {
  push("keep");
  CHECK(push("0123456789a") == 1);
  CHECK(take() == "keep");
}

TEST_CASE_METHOD(Queued, "server: messages leave a queue when they are too old",
                 "[server][queue]") {
  push("old");
  now += 600ms;
  push("young");
  CHECK(queue.drop_old(now) == 0);
  now += 401ms;
  CHECK(queue.drop_old(now) == 1);
  CHECK(take() == "young");
}

TEST_CASE("server: a queue keeps order and bound whatever comes and goes", "[server][queue]") {
  const MessageQueue::Limits limits{1000, 40, 1s};
  MessageQueue queue(limits);
  unsigned next = 0, expected = 0, dropped = 0;
  std::uint32_t random = 1;
  for (int step = 0; step < 20'000; ++step) {
    random = random * 1664525 + 1013904223;
    if (random >> 30 != 0) {
      const std::string message = std::to_string(next++) + std::string(random >> 8 & 63, ' ') + ";";
      dropped += static_cast<unsigned>(queue.push(Instant{}, as_bytes(message)));
    } else {
      const Bytes head = queue.head(random >> 8 & 255);
      std::string_view text = as_text(head);
      expected += std::exchange(dropped, 0);
      for (; !text.empty(); text.remove_prefix(text.find(';') + 1))
        REQUIRE(std::stoul(std::string(text)) == expected++);
      queue.pop(head);
    }
    REQUIRE(queue.bytes() <= limits.bytes);
    REQUIRE(queue.capacity() <= limits.bytes);
  }
  CHECK(expected > 1000);
}

TEST_CASE_METHOD(Queued, "server: a queue holds no more messages than it may, however small",
                 "[server][queue]") {
  for (const char* each : {"1", "2", "3", "4", "5"}) CHECK(push(each) == 0);
  CHECK(push("6") == 1);
  CHECK(take() == "23456");
}

TEST_CASE_METHOD(Queued, "server: messages that begin at the front again keep their order",
                 "[server][queue]") {
  push("aaa");
  push("bbb");
  push("ccc");
  CHECK(take(3) == "aaa");
  CHECK(push("ddd") == 0);
  CHECK(take() == "bbbccc");
  CHECK(take() == "ddd");
  CHECK(queue.empty());
}
