#include "server/store/user_file.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "server/core/opaque_string.hpp"

namespace stile::server {

namespace {

using stun::PasswordAlgorithmNumber;

constexpr int layout = 1;

void create_layout(Database& database) {
  database.run(
      "CREATE TABLE IF NOT EXISTS users (realm TEXT NOT NULL, name TEXT NOT NULL, md5 BLOB NOT "
      "NULL, sha256 BLOB NOT NULL, PRIMARY KEY (realm, name)) WITHOUT ROWID");
  database.run("PRAGMA user_version = 1");
}

/// Anybody can make what an empty key would sign.
bool has_whole_keys(const relay::Account& account) {
  const std::size_t sha256 = account.sha256.bytes().size();
  return account.md5.bytes().size() == 16 && (sha256 == 32 || sha256 == 0);
}

int layout_of(const Database& database) {
  Database::Statement statement(database, "PRAGMA user_version");
  return statement.next() ? statement.number(0) : 0;
}

}  // namespace

UserFile::UserFile(std::string path, Database::Access access)
    : path_(std::move(path)), database_(path_, access) {
  if (access == Database::Access::create && layout_of(database_) == 0) create_layout(database_);
  if (layout_of(database_) != layout)
    throw StoreError(path_ + ": is no file of users; make one with stile-server user add --users");
}

void UserFile::put(const StoredUser& user) {
  database_.run("INSERT OR REPLACE INTO users (realm, name, md5, sha256) VALUES (?, ?, ?, ?)",
                user.realm, user.account.name, user.account.md5.bytes(),
                user.account.sha256.bytes());
}

bool UserFile::remove(std::string_view realm, std::string_view name) {
  return database_.run("DELETE FROM users WHERE realm = ? AND name = ?", realm, name) > 0;
}

std::vector<StoredUser> UserFile::all() const {
  Database::Statement statement(database_,
                                "SELECT realm, name, md5, sha256 FROM users ORDER BY realm, name");
  return read(statement);
}

std::vector<relay::Account> UserFile::of(std::string_view realm) const {
  Database::Statement statement(
      database_, "SELECT realm, name, md5, sha256 FROM users WHERE realm = ? ORDER BY name");
  statement.bind(realm);
  std::vector<relay::Account> accounts;
  for (StoredUser& user : read(statement)) accounts.push_back(std::move(user.account));
  return accounts;
}

std::vector<StoredUser> UserFile::read(Database::Statement& statement) const {
  std::vector<StoredUser> users;
  while (statement.next()) {
    users.push_back(
        {statement.text(0),
         {statement.text(1), stun::Key(statement.blob(2)), stun::Key(statement.blob(3))}});
    const relay::Account& account = users.back().account;
    if (!has_whole_keys(account))
      throw StoreError(fmt::format("{}: the keys of user '{}' are damaged; add the user again",
                                   path_, account.name));
  }
  return users;
}

StoredUser user_with_password(std::string_view realm, std::string_view name,
                              std::string_view password) {
  const std::string its_realm = relay::opaque_string(realm);
  const std::string its_name = relay::opaque_string(name);
  const std::string its_password = relay::opaque_string(password);
  const auto key = [&](PasswordAlgorithmNumber algorithm) {
    return stun::long_term_key(algorithm, its_name, its_realm, its_password);
  };
  return {its_realm,
          {its_name, key(PasswordAlgorithmNumber::md5), key(PasswordAlgorithmNumber::sha256)}};
}

std::optional<StoredUser> user_with_md5_key(std::string_view realm, std::string_view name,
                                            std::string_view digits) {
  std::array<std::uint8_t, 16> key;
  if (digits.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const char* const first = digits.data() + 2 * i;
    const auto [end, error] = std::from_chars(first, first + 2, key[i], 16);
    if (error != std::errc() || end != first + 2) return std::nullopt;
  }
  return StoredUser{relay::opaque_string(realm), {relay::opaque_string(name), stun::Key(key), {}}};
}

}  // namespace stile::server
