#include "server/core/opaque_string.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/relay/client.hpp"

using namespace stile::relay;
using namespace stile::relay::test;

namespace {
const std::string composed = "J\u00fcrgen";
const std::string decomposed = "Ju\u0308rgen";
}  // namespace

TEST_CASE("opaque string: ASCII stays what it is", "[relay][rfc8265-4.2]") {
  for (const char* text : {"", "alice", "two words", "pass:\"word\"", "tab\tand\nline"})
    CHECK(opaque_string(text) == text);
}

TEST_CASE("opaque string: text is composed", "[relay][rfc8265-4.2.2]") {
  CHECK(opaque_string(decomposed) == composed);
  CHECK(opaque_string(composed) == composed);
  CHECK(opaque_string("\u212b") == "\u00c5");  // the sign for angstrom is the letter
}

TEST_CASE("opaque string: case and width are left alone", "[relay][rfc8265-4.2.2]") {
  CHECK(opaque_string("\u00c4\u00e4") == "\u00c4\u00e4");
  CHECK(opaque_string("\uff21") == "\uff21");
  CHECK(opaque_string("\u2168") == "\u2168");  // SASLprep made IX of it
}

TEST_CASE("opaque string: every space becomes the plain one", "[relay][rfc8265-4.2.2]") {
  CHECK(opaque_string("a\u00a0b") == "a b");
  CHECK(opaque_string("a\u3000\u2003b") == "a  b");
}

TEST_CASE("opaque string: what the profile does not allow is taken as it is",
          "[relay][rfc8265-4.2.1]") {
  for (const std::string text : {"\xff\xfe", "cut \xc3", "soft\u00adhyphen", "\u0085", "\ue000"})
    CHECK(opaque_string(text) == text);
}

TEST_CASE("relay: names, passwords and realms are compared in their composed form",
          "[relay][rfc8489-9.2.2]") {
  stile::relay::Config config = usual_config();
  config.realm = "Stra\u00dfe " + decomposed;
  config.users = {{decomposed, "pass\u00a0" + decomposed}};
  Server server(config);
  Client client(server, "192.0.2.7:40000", composed, "pass " + composed);
  CHECK(client.allocate().ok());
  CHECK(client.realm == "Stra\u00dfe " + composed);
  Client hidden(server, "192.0.2.8:40000", composed, "pass " + composed);
  hidden.anonymous = true;
  CHECK(hidden.allocate().ok());
}
