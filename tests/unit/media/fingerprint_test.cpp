#include "stile/media/fingerprint.hpp"

#include <catch2/catch.hpp>

#include "stile/media/certificate.hpp"

using namespace stile;
using namespace stile::media;

TEST_CASE("fingerprint: what is written is read again, in either case", "[media][rfc8122-5]") {
  const Fingerprint own = Certificate::make().fingerprint();
  CHECK(own.to_string().starts_with("sha-256 "));
  CHECK(own.to_string().size() == 8 + 32 * 3 - 1);
  CHECK(Fingerprint::parse(own.to_string()) == own);
  std::string lower = own.to_string();
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  CHECK(Fingerprint::parse(lower) == own);
}

TEST_CASE("fingerprint: what is none is refused in words", "[media][rfc8122-5]") {
  const auto text = GENERATE("", "sha-256", "sha-256 ", "sha-256 AA", "md5 AA:BB",
                             "sha-1 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33",
                             "sha-256 "
                             "00-11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:"
                             "77:88:99:AA:BB:CC:DD:EE:FF",
                             "sha-256 "
                             "0g:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:"
                             "77:88:99:AA:BB:CC:DD:EE:FF");
  const auto parsed = Fingerprint::parse(text);
  REQUIRE_FALSE(parsed);
  CHECK_FALSE(parsed.error().empty());
}

TEST_CASE("fingerprint: of several the best hash decides", "[media][rfc8122-5]") {
  const auto certificate = as_bytes("a certificate");
  const auto good_256 = Fingerprint::of(certificate, Hash::sha256);
  const auto good_512 = Fingerprint::of(certificate, Hash::sha512);
  const auto bad_512 = Fingerprint::of(as_bytes("another"), Hash::sha512);
  CHECK(matches(certificate, std::vector{good_256}));
  CHECK(matches(certificate, std::vector{good_512, good_256}));
  CHECK(matches(certificate, std::vector{bad_512, good_512}));
  CHECK_FALSE(matches(certificate, std::vector{good_256, bad_512}));
  CHECK_FALSE(matches(certificate, {}));
}
