#include "control/printable.hpp"

using stile::control::printable;

TEST_CASE("control: printable text is left as it is", "[control]") {
  CHECK(printable("") == "");
  CHECK(printable("1795647869:alice in \"wonderland\"") == "1795647869:alice in \"wonderland\"");
}

TEST_CASE("control: what a terminal would obey is escaped", "[control]") {
  CHECK(printable("\x1b]0;owned\x07") == "\\u001b]0;owned\\u0007");
  CHECK(printable("a\nb\x7f") == "a\\nb\\u007f");
  CHECK(printable("\xc2\x9b"
                  "2J") == "\\u009b2J");
  CHECK(printable("\xff") == "\\ufffd");
}
