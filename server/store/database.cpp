#include "server/store/database.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace stile::server {

namespace {

constexpr int wait_for_others_milliseconds = 5000;

/// SQLite would make it readable for everybody.
void make_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) throw StoreError(fmt::format("{}: {}", path, std::strerror(errno)));
  ::close(fd);
}

sqlite3* open(const std::string& path, Database::Access access) {
  if (access == Database::Access::create) make_private_file(path);
  if (::access(path.c_str(), R_OK) != 0)
    throw StoreError(fmt::format("{}: {}", path, std::strerror(errno)));
  const int flags = access == Database::Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  sqlite3* handle = nullptr;
  sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  return handle;
}

}  // namespace

Database::Database(std::string path, Access access)
    : path_(std::move(path)), handle_(open(path_, access), sqlite3_close) {
  if (!handle_ || sqlite3_errcode(handle_.get()) != SQLITE_OK) fail();
  sqlite3_busy_timeout(handle_.get(), wait_for_others_milliseconds);
}

void Database::fail() const {
  throw StoreError(
      fmt::format("{}: {}", path_, handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory"));
}

Database::Statement::Statement(const Database& database, std::string_view sql)
    : database_(database), statement_(nullptr, sqlite3_finalize) {
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(database.handle_.get(), sql.data(),
                                        static_cast<int>(sql.size()), &statement, nullptr);
  if (result != SQLITE_OK) database.fail();
  statement_.reset(statement);
}

Database::Statement& Database::Statement::bind(std::string_view text) {
  const int result = sqlite3_bind_text64(statement_.get(), ++bound_, text.data(), text.size(),
                                         SQLITE_TRANSIENT, SQLITE_UTF8);
  if (result != SQLITE_OK) database_.fail();
  return *this;
}

// Without a pointer SQLite takes an empty blob for NULL.
Database::Statement& Database::Statement::bind(Bytes blob) {
  const void* const data = blob.empty() ? "" : static_cast<const void*>(blob.data());
  const int result =
      sqlite3_bind_blob64(statement_.get(), ++bound_, data, blob.size(), SQLITE_TRANSIENT);
  if (result != SQLITE_OK) database_.fail();
  return *this;
}

bool Database::Statement::next() {
  const int result = sqlite3_step(statement_.get());
  if (result != SQLITE_ROW && result != SQLITE_DONE) database_.fail();
  return result == SQLITE_ROW;
}

std::string Database::Statement::text(int column) const {
  const Bytes bytes = blob(column);
  return std::string(bytes.begin(), bytes.end());
}

Bytes Database::Statement::blob(int column) const {
  const auto* data =
      static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

int Database::Statement::number(int column) const {
  return sqlite3_column_int(statement_.get(), column);
}

}  // namespace stile::server
