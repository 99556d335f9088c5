#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "server/shell/segments.hpp"

using namespace stile;
using namespace stile::server;

namespace {

std::vector<std::string> texts(const Segments& segments) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < segments.count(); ++i) all.emplace_back(as_text(segments[i]));
  return all;
}
using Texts = std::vector<std::string>;

/// The text in a buffer with so much room behind it.
struct Joined {
  explicit Joined(std::string_view text, std::size_t room = 0)
      : size(text.size()), buffer(copy_of(as_bytes(text))) {
    buffer.resize(size + room);
  }
  MutableBytes bytes() { return {buffer.data(), size}; }
  std::size_t size;
  ByteVector buffer;
};

}  // namespace

TEST_CASE("server: datagrams that were joined are cut apart, the last may be shorter",
          "[server][udp]") {
  Joined joined("aaaabbbbcc");
  CHECK(texts({joined.bytes(), 4}) == Texts{"aaaa", "bbbb", "cc"});
  CHECK(texts({joined.bytes(), 5}) == Texts{"aaaab", "bbbcc"});
  CHECK(texts({joined.bytes(), 1}).size() == 10);
}

TEST_CASE("server: what was not joined is one datagram, also an empty one", "[server][udp]") {
  Joined joined("aaaabbbbcc"), empty("");
  CHECK(texts({joined.bytes(), 0}) == Texts{"aaaabbbbcc"});
  CHECK(texts({joined.bytes(), 10}) == Texts{"aaaabbbbcc"});
  CHECK(texts({joined.bytes(), 11}) == Texts{"aaaabbbbcc"});
  CHECK(texts({empty.bytes(), 0}) == Texts{""});
}

TEST_CASE("server: datagrams are moved apart with room before and behind each", "[server][udp]") {
  Joined joined("aaaabbbbcc", 2 * 7);
  Segments segments(joined.bytes(), 4);
  segments.spread(7);
  CHECK(texts(segments) == Texts{"aaaa", "bbbb", "cc"});
  CHECK(segments[0].data() == joined.buffer.data());
  CHECK(segments[1].data() == segments[0].data() + 4 + 7);
  CHECK(segments[2].data() == segments[1].data() + 4 + 7);
  CHECK(segments[2].data() + 2 == joined.buffer.data() + joined.buffer.size());
}

TEST_CASE("server: no more datagrams are cut than the kernel joins", "[server][udp]") {
  Joined joined(std::string(Segments::most + 2, 'x'), (Segments::most - 1) * 3);
  Segments segments(joined.bytes(), 1);
  CHECK(segments.count() == Segments::most);
  segments.spread(3);
  CHECK(as_text(segments[Segments::most - 1]) == "x");
}
