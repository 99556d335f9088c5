#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "server/store/user_file.hpp"

using namespace stile;
using namespace stile::server;
using Access = Database::Access;

namespace {

/// A place for one file, gone with its owner.
struct Place {
  Place() {
    std::string pattern = std::filesystem::temp_directory_path() / "stile-users-XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~Place() { std::filesystem::remove_all(folder); }
  std::string file() const { return folder / "users.db"; }
  std::filesystem::path folder;
};

std::string hex(const stun::Key& key) {
  std::string text;
  for (const std::uint8_t byte : key.bytes()) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace

// The password of RFC 8489 §9.2.2's example.
TEST_CASE("store: keys are those of the RFC, and the password is in no file",
          "[store][rfc8489-9.2.2]") {
  const Place place;
  UserFile(place.file(), Access::create).put(user_with_password("realm", "user", "pass"));
  const auto accounts = UserFile(place.file(), Access::read).of("realm");
  REQUIRE(accounts.size() == 1);
  CHECK(accounts[0].name == "user");
  CHECK(hex(accounts[0].md5) == "8493fbc53ba582fb4c044c456bdc40eb");
  CHECK(hex(accounts[0].sha256) ==
        hex(stun::long_term_key(stun::PasswordAlgorithmNumber::sha256, "user", "realm", "pass")));

  UserFile(place.file(), Access::write).put(user_with_password("r", "u", "NeverWritten7"));
  std::ifstream file(place.file(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  CHECK(bytes.find("NeverWritten7") == bytes.npos);
}

TEST_CASE("store: a file that is made is its owner's alone", "[store]") {
  const Place place;
  UserFile(place.file(), Access::create);
  struct stat status{};
  REQUIRE(stat(place.file().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("store: users are of one realm, added again they are changed", "[store]") {
  const Place place;
  UserFile file(place.file(), Access::create);
  file.put(user_with_password("a", "bob", "1"));
  file.put(user_with_password("b", "bob", "1"));
  file.put(user_with_password("a", "alice", "2"));
  file.put(user_with_password("a", "bob", "3"));
  const auto of_a = file.of("a");
  REQUIRE(of_a.size() == 2);
  CHECK(of_a[0].name == "alice");
  CHECK(of_a[1].md5 == user_with_password("a", "bob", "3").account.md5);
  CHECK(file.all().size() == 3);
  CHECK(file.of("c").empty());

  CHECK(file.remove("a", "bob"));
  CHECK_FALSE(file.remove("a", "bob"));
  CHECK(file.of("a").size() == 1);
  CHECK(file.of("b").size() == 1);
}

TEST_CASE("CVE-2018-4056, GHSA-v8hj-2xx7-xmp5: a name is a value and no SQL",
          "[store][regression]") {
  const Place place;
  UserFile file(place.file(), Access::create);
  file.put(user_with_password("r", "alice", "1"));
  for (const char* name : {"x'); DROP TABLE users; --", "%n%s%s", "\" OR 1=1", "'"}) {
    file.put(user_with_password("r", name, "1"));
    CHECK(file.remove("r", name));
  }
  CHECK_FALSE(file.remove("r' OR '1'='1", "alice"));
  CHECK(file.of("r").size() == 1);
}

TEST_CASE("store: a user of another server is known by the MD5 key alone", "[store]") {
  const Place place;
  UserFile file(place.file(), Access::create);
  const auto user = user_with_md5_key("realm", "user", "8493FBC53ba582fb4c044c456bdc40eb");
  REQUIRE(user);
  file.put(*user);
  CHECK(hex(file.of("realm")[0].md5) == "8493fbc53ba582fb4c044c456bdc40eb");
  CHECK(file.of("realm")[0].sha256.empty());
  for (const char* digits :
       {"", "84", "8493fbc53ba582fb4c044c456bdc40eg", "8493fbc53ba582fb4c044c456bdc40eb00",
        "0x93fbc53ba582fb4c044c456bdc40eb"})
    CHECK_FALSE(user_with_md5_key("realm", "user", digits));
}

TEST_CASE("store: what is no file of users is told, and not touched", "[store]") {
  const Place place;
  CHECK_THROWS_AS(UserFile(place.file(), Access::read), StoreError);
  CHECK_THROWS_AS(UserFile(place.folder / "none" / "users.db", Access::create), StoreError);
  const std::string text(4096, 'x');
  std::ofstream(place.file()) << text;
  CHECK_THROWS_AS(UserFile(place.file(), Access::read), StoreError);
  CHECK_THROWS_AS(UserFile(place.file(), Access::create), StoreError);
  std::ifstream file(place.file());
  CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == text);
}

TEST_CASE("store: damaged keys let nobody in", "[store]") {
  const Place place;
  UserFile(place.file(), Access::create).put(user_with_password("r", "alice", "1"));
  Database(place.file(), Access::write).run("UPDATE users SET md5 = x''");
  CHECK_THROWS_WITH(UserFile(place.file(), Access::read).of("r"),
                    Catch::Contains("the keys of user 'alice' are damaged"));
}
