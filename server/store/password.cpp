#include "server/store/password.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>

#include "server/store/database.hpp"

namespace stile::server {

namespace {

/// While it lives the terminal does not show what is typed.
class Unseen {
 public:
  Unseen() {
    tcgetattr(STDIN_FILENO, &before_);
    termios now = before_;
    now.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &now);
  }
  ~Unseen() { tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
};

std::string first_line() {
  std::string line;
  std::getline(std::cin, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::string ask(const std::string& question) {
  fmt::print(stderr, "{}: ", question);
  const Unseen unseen;
  std::string answer = first_line();
  fmt::print(stderr, "\n");
  return answer;
}

}  // namespace

std::string read_password(const std::string& user) {
  const bool terminal = isatty(STDIN_FILENO) == 1;
  std::string password = terminal ? ask("Password for " + user) : first_line();
  if (password.empty())
    throw StoreError("no password; type one, or give it as the first line of standard input");
  if (terminal && ask("Once more") != password) throw StoreError("the two passwords differ");
  return password;
}

}  // namespace stile::server
