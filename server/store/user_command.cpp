#include "server/store/user_command.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "server/core/opaque_string.hpp"
#include "server/store/password.hpp"
#include "server/store/user_file.hpp"

namespace stile::server {

namespace {

constexpr std::size_t longest_name = 508;  // RFC 8489 §14.3

struct Wish {
  std::string file;
  std::string realm = "stile";
  std::string name;
  std::string md5_key;
};

void add(const Wish& wish) {
  const auto user = wish.md5_key.empty()
                        ? user_with_password(wish.realm, wish.name, read_password(wish.name))
                        : user_with_md5_key(wish.realm, wish.name, wish.md5_key);
  if (!user)
    throw StoreError("--md5-key '" + wish.md5_key + "' is not MD5(NAME:REALM:PASSWORD) in hex");
  UserFile(wish.file, Database::Access::create).put(*user);
}

void remove(const Wish& wish) {
  UserFile file(wish.file, Database::Access::write);
  if (!file.remove(relay::opaque_string(wish.realm), relay::opaque_string(wish.name)))
    throw StoreError(
        fmt::format("there is no user '{}' of realm '{}' in {}", wish.name, wish.realm, wish.file));
}

void list(const Wish& wish, bool every_realm) {
  for (const auto& [realm, account] : UserFile(wish.file, Database::Access::read).all())
    if (every_realm || realm == relay::opaque_string(wish.realm))
      fmt::print("{}\t{}\t{}\n", account.name, realm,
                 account.sha256.empty() ? "md5" : "md5 sha256");
}

CLI::App* command(CLI::App& app, const char* name, const char* description, Wish& wish) {
  CLI::App* const sub = app.add_subcommand(name, description);
  sub->add_option("--users", wish.file, "SQLite file, as stile-server --users has it")
      ->required()
      ->type_name("FILE");
  sub->add_option("--realm", wish.realm, "as stile-server --realm has it")
      ->type_name("NAME")
      ->capture_default_str();
  return sub;
}

void add_name(CLI::App& sub, Wish& wish) {
  sub.add_option("name", wish.name, "user name")->required()->check([](const std::string& name) {
    return name.empty() || name.size() > longest_name ? "a user has a name of 1 to 508 bytes" : "";
  });
}

}  // namespace

int run_user_command(int count, const char* const* arguments) {
  Wish wish;
  CLI::App app{"The users of a stile-server: keys made from passwords, kept in a SQLite file",
               "stile-server user"};
  app.require_subcommand(1);
  CLI::App* const adding =
      command(app, "add", "add a user, or give one another password (asked for)", wish);
  add_name(*adding, wish);
  adding
      ->add_option("--md5-key", wish.md5_key,
                   "hex key of another server, where there is no password")
      ->type_name("KEY");
  CLI::App* const removing = command(app, "del", "take a user out", wish);
  add_name(*removing, wish);
  CLI::App* const listing = command(app, "list", "NAME, REALM and keys, one user a line", wish);
  try {
    app.parse(count, arguments);
    if (adding->parsed()) add(wish);
    if (removing->parsed()) remove(wish);
    if (listing->parsed()) list(wish, listing->get_option("--realm")->empty());
    return 0;
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "stile-server user: {}; see stile-server user --help\n", error.what());
    return 2;
  } catch (const StoreError& error) {
    fmt::print(stderr, "stile-server user: {}\n", error.what());
    return 1;
  }
}

}  // namespace stile::server
