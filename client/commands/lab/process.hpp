#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "client/commands/lab/network_namespace.hpp"

namespace stile::lab {

/// A program of ours that runs inside a namespace and speaks lines. It ends with this object; if
/// the lab itself dies, the kernel ends it (SIGTERM by PR_SET_PDEATHSIG).
class Process {
 public:
  Process(const NetworkNamespace& where, const std::vector<std::string>& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void write_line(const std::string& line);
  /// The next line of its standard output if one is there by then; nothing at the deadline or when
  /// it has ended.
  std::optional<std::string> read_line(std::chrono::steady_clock::time_point deadline);
  /// Takes in what is readable now, and answers the lines completed by it.
  std::vector<std::string> take_lines();
  int output_fd() const { return output_; }
  bool has_ended() const { return ended_; }
  /// The last line that it wrote to standard error.
  std::string complaint() const;

 private:
  void fill();
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  int errors_ = -1;
  bool ended_ = false;
  std::string pending_;
};

/// The path of one of our programs: beside this one as built (../server/stile-server) or as
/// installed.
std::string program_path(const std::string& folder, const std::string& name);

}  // namespace stile::lab
