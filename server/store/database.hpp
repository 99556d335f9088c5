#pragma once

#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "stile/base/bytes.hpp"

namespace stile::server {

/// One line: what, and what to do about it.
struct StoreError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A SQLite file.
class Database {
 public:
  enum class Access : unsigned char { read, write, create };

  /// A file that is made is its owner's alone (mode 0600). Throws StoreError.
  Database(std::string path, Access access);

  /// One statement, its values bound and never written into its text.
  class Statement {
   public:
    Statement(const Database& database, std::string_view sql);
    Statement& bind(std::string_view text);
    Statement& bind(Bytes blob);
    /// Whether there is another row.
    bool next();
    std::string text(int column) const;
    Bytes blob(int column) const;  ///< until next()
    int number(int column) const;

   private:
    const Database& database_;
    std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement_;
    int bound_ = 0;
  };

  /// A statement without rows; how many rows it has changed.
  template <class... Values>
  int run(std::string_view sql, const Values&... values) const {
    Statement statement(*this, sql);
    (statement.bind(values), ...);
    while (statement.next()) {
    }
    return sqlite3_changes(handle_.get());
  }
  [[noreturn]] void fail() const;

 private:
  std::string path_;
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> handle_;
};

}  // namespace stile::server
