#include "stile/base/buffered_random.hpp"

#include <array>
#include <catch2/catch.hpp>

using namespace stile;

TEST_CASE("buffered random: what is drawn much at a time is handed out once, in its order",
          "[base]") {
  struct : Random {
    void fill(MutableBytes out) override {
      ++calls;
      for (std::uint8_t& byte : out) byte = next++;
    }
    std::uint8_t next = 0;
    int calls = 0;
  } source;
  BufferedRandom random(source);
  std::uint8_t expected = 0;
  for (int i = 0; i < 1024; ++i) {
    std::array<std::uint8_t, 4> bytes;
    random.fill(bytes);
    for (const std::uint8_t byte : bytes) CHECK(byte == expected++);
  }
  CHECK(source.calls == 1);
  ByteVector many(5000);
  random.fill(many);
  CHECK(source.calls == 2);
  for (const std::uint8_t byte : many) CHECK(byte == expected++);
}
