#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/account.hpp"
#include "server/store/database.hpp"

namespace stile::server {

/// A user's keys under the realm that they are for. The password is not kept: who reads the file
/// can be the users towards this realm, and learns what they could use nowhere else.
struct StoredUser {
  std::string realm;
  relay::Account account;
};

/// The SQLite file of `--users`. Its functions throw StoreError.
class UserFile {
 public:
  UserFile(std::string path, Database::Access access);

  /// In place of one of the same name and realm.
  void put(const StoredUser& user);
  /// Whether there was one.
  bool remove(std::string_view realm, std::string_view name);
  /// By realm, then by name.
  std::vector<StoredUser> all() const;
  std::vector<relay::Account> of(std::string_view realm) const;

 private:
  std::vector<StoredUser> read(Database::Statement& statement) const;

  std::string path_;
  Database database_;
};

/// The keys of RFC 8489 §9.2.2; name, realm and password go through OpaqueString.
StoredUser user_with_password(std::string_view realm, std::string_view name,
                              std::string_view password);
/// A user whose MD5 key alone is known: 32 hexadecimal digits, as other servers keep it. Nothing if
/// they are not.
std::optional<StoredUser> user_with_md5_key(std::string_view realm, std::string_view name,
                                            std::string_view digits);

}  // namespace stile::server
