#pragma once

#include <stdexcept>
#include <string>

namespace stile::nat::shell {

/// The program cannot start, or cannot go on: one line that says what, and what to do about it.
struct Problem : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The command line or the configuration file is wrong: exit status 2.
struct UsageProblem : Problem {
  using Problem::Problem;
};

/// "WHAT: strerror(errno)". Lack of rights gets its own sentence, since it is what happens first.
std::string with_errno(const std::string& what);

}  // namespace stile::nat::shell
