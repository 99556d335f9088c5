#include "stile/base/random.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <set>

using namespace stile;

namespace {

/// Gives out these numbers, one after the other.
class Scripted final : public Random {
 public:
  explicit Scripted(std::vector<std::uint32_t> numbers) : numbers_(std::move(numbers)) {}
  void fill(MutableBytes out) override {
    REQUIRE(out.size() == 4);
    store_u32(out.data(), numbers_.at(next_++));
  }
  std::size_t taken() const { return next_; }

 private:
  std::vector<std::uint32_t> numbers_;
  std::size_t next_ = 0;
};

}  // namespace

TEST_CASE("random: a seed gives the same numbers on every machine", "[base]") {
  SeededRandom random(1);
  CHECK(random.u64() == 0xb3f2af6d0fc710c5);
  CHECK(random.u64() == 0x853b559647364cea);
  SeededRandom again(1);
  CHECK(again.u64() == 0xb3f2af6d0fc710c5);
  SeededRandom other(2);
  CHECK(other.u64() != 0xb3f2af6d0fc710c5);
}

TEST_CASE("random: each byte that is asked for is filled, and no other", "[base]") {
  SeededRandom random(3);
  SystemRandom system;
  for (Random* source : std::initializer_list<Random*>{&random, &system})
    for (std::size_t size = 0; size <= 20; ++size) {
      std::set<std::size_t> written;
      for (int round = 0; round < 20; ++round) {
        ByteVector bytes(size + 2, 0xa5);
        source->fill(MutableBytes(bytes).subspan(1, size));
        CHECK((bytes.front() == 0xa5 && bytes.back() == 0xa5));
        for (std::size_t i = 1; i <= size; ++i)
          if (bytes[i] != 0xa5) written.insert(i);
      }
      CHECK(written.size() == size);
    }
}

TEST_CASE("random: the system's numbers do not come twice", "[base]") {
  SystemRandom random;
  CHECK(random.u64() != random.u64());
}

TEST_CASE("random: below() keeps below its bound and gives each number", "[base]") {
  SeededRandom random(4);
  for (const std::uint32_t bound : {1u, 2u, 3u, 7u, 10u}) {
    std::set<std::uint32_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.below(bound));
    CHECK(seen.size() == bound);
    CHECK(*seen.rbegin() == bound - 1);
  }
  CHECK(random.below(UINT32_MAX) < UINT32_MAX);
}

TEST_CASE("random: below() draws again rather than prefer small numbers", "[base]") {
  Scripted random({0, 3, 0x80000000});  // 2^32 mod 10 is 6: what is below would come once too often
  CHECK(random.below(10) == 8);
  CHECK(random.taken() == 3);
  Scripted fair({5, 6});
  CHECK(fair.below(10) == 6);
}

TEST_CASE("random: unit() is from 0 up to, and never, 1", "[base]") {
  struct : Random {
    void fill(MutableBytes out) override { std::ranges::fill(out, value); }
    std::uint8_t value = 0;
  } random;
  CHECK(random.unit() == 0.0);
  random.value = 0xff;
  CHECK(random.unit() < 1.0);
  CHECK(random.unit() > 0.999999);
}

TEST_CASE("random: ice_chars() are of the alphabet, all of it", "[base][rfc8839-5.4]") {
  SeededRandom random(5);
  const std::string text = random.ice_chars(4096);
  REQUIRE(text.size() == 4096);
  const std::set<char> seen(text.begin(), text.end());
  CHECK(seen.size() == 64);
  for (const char c : seen)
    CHECK((std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/'));
  CHECK(random.ice_chars(0).empty());
}
