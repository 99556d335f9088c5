#include <catch2/catch.hpp>

#include <vector>

#include "server/shell/send_groups.hpp"

using namespace stile;
using namespace stile::server;

namespace {

struct Grouped {
  void add(int fd, const TransportAddress& to, std::size_t size, relay::IpFields fields = {}) {
    groups.add(fd, to, fields, size);
  }
  std::vector<std::size_t> counts() const {
    std::vector<std::size_t> all;
    for (const SendGroup& group : groups.groups()) all.push_back(group.count);
    return all;
  }
  SendGroups groups;
  const TransportAddress a{IpAddress::v4(192, 0, 2, 1), 1000}, b{IpAddress::v4(192, 0, 2, 1), 1001};
};
using Counts = std::vector<std::size_t>;

}  // namespace

TEST_CASE_METHOD(Grouped, "server: datagrams of one size for one destination leave as one",
                 "[server][udp]") {
  for (int i = 0; i < 3; ++i) add(5, a, 1100);
  REQUIRE(counts() == Counts{3});
  const SendGroup& group = groups.groups()[0];
  CHECK(group.fd == 5);
  CHECK(group.to == a);
  CHECK(group.segment == 1100);
  CHECK(group.bytes == 3300);
}

TEST_CASE_METHOD(Grouped, "server: a shorter datagram is the last of its group", "[server][udp]") {
  for (const std::size_t size : {1100u, 1100u, 300u, 300u, 1100u}) add(5, a, size);
  CHECK(counts() == Counts{3, 1, 1});
}

TEST_CASE_METHOD(Grouped, "server: datagrams of different DSCP, ECN or DF are not joined",
                 "[server][udp][rfc8656-14]") {
  add(5, a, 100);
  add(5, a, 100, {184, false});
  add(5, a, 100, {184, false});
  add(5, a, 100, {184, true});
  CHECK(counts() == Counts{1, 2, 1});
}

TEST_CASE_METHOD(Grouped, "server: an empty datagram leaves alone", "[server][udp]") {
  for (const std::size_t size : {0u, 0u, 100u, 0u, 100u}) add(5, a, size);
  CHECK(counts() == Counts{1, 1, 1, 1, 1});
}

TEST_CASE_METHOD(Grouped, "server: flows that are mixed are sorted into groups, each in its order",
                 "[server][udp]") {
  for (int i = 0; i < 3; ++i) {
    add(5, a, 100);
    add(5, b, 100);
    add(6, a, 100);
  }
  CHECK(counts() == Counts{3, 3, 3});
  for (std::size_t i = 0; i < 9; ++i) CHECK(groups.group_of(i) == i % 3);
}

TEST_CASE_METHOD(Grouped, "server: what does not fit a frame is not joined", "[server][udp]") {
  add(5, a, SendGroups::longest_segment + 1);
  add(5, a, SendGroups::longest_segment + 1);
  CHECK(counts() == Counts{1, 1});
}

TEST_CASE_METHOD(Grouped, "server: a group has no more segments and bytes than the kernel takes",
                 "[server][udp]") {
  for (std::size_t i = 0; i < SendGroups::most_segments + 1; ++i) add(5, a, 10);
  CHECK(counts() == Counts{SendGroups::most_segments, 1});
  groups.clear();
  for (int i = 0; i < 60; ++i) add(5, a, 1400);
  CHECK(counts() == Counts{46, 14});
}

TEST_CASE_METHOD(Grouped, "server: nothing is left of what has been sent", "[server][udp]") {
  add(5, a, 100);
  groups.clear();
  add(5, b, 100);
  add(5, a, 100);
  CHECK(counts() == Counts{1, 1});
  CHECK(groups.groups()[1].bytes == 100);
}

TEST_CASE_METHOD(Grouped, "server: whatever is mixed, each flow's datagrams stay in order",
                 "[server][udp]") {
  std::uint32_t random = 1;
  for (int round = 0; round < 200; ++round) {
    groups.clear();
    struct Sent {
      int fd;
      std::uint16_t port;
      std::size_t size;
    };
    std::vector<Sent> sent;
    for (std::size_t i = 0; i < SendGroups::capacity; ++i) {
      random = random * 1664525 + 1013904223;
      const Sent next{static_cast<int>(random >> 8 & 7),
                      static_cast<std::uint16_t>(random >> 12 & 31), random >> 20 & 3};
      sent.push_back(next);
      add(next.fd, {a.ip, next.port}, next.size);
    }
    std::vector<std::size_t> counted(groups.groups().size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const SendGroup& group = groups.groups()[groups.group_of(i)];
      REQUIRE(group.fd == sent[i].fd);
      REQUIRE(group.to.port == sent[i].port);
      const bool last = ++counted[groups.group_of(i)] == group.count;
      REQUIRE((last ? sent[i].size <= group.segment : sent[i].size == group.segment));
      for (std::size_t j = 0; j < i; ++j)
        if (sent[j].fd == sent[i].fd && sent[j].port == sent[i].port)
          REQUIRE(groups.group_of(j) <= groups.group_of(i));
    }
  }
}
