#include "server/core/base64.hpp"

#include <catch2/catch.hpp>

using namespace stile;
using namespace stile::relay;

TEST_CASE("base64: what is encoded comes back", "[relay][rfc4648-4]") {
  const std::string_view text = "foobar";
  const char* const encoded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const Bytes bytes = as_bytes(text.substr(0, size));
    CHECK(base64(bytes) == encoded[size]);
    CHECK(from_base64(encoded[size]) == copy_of(bytes));
  }
}

TEST_CASE("base64: what nobody would have encoded so is refused", "[relay][rfc4648-4]") {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", " Zm9v", "Zm9v\n", "Zm=v",
                           "====", "Zm9!", "Zg==Zg==", "-_-_"})
    CHECK_FALSE(from_base64(text));
}
