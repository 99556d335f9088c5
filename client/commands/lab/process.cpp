#include "client/commands/lab/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace stile::lab {

using Clock = std::chrono::steady_clock;

Process::Process(const NetworkNamespace& where, const std::vector<std::string>& command) {
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) throw LabError("no more pipes");
  errors_ = memfd_create("stderr", MFD_CLOEXEC);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  const pid_t lab = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != lab) _exit(1);
    where.enter();
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(errors_, STDERR_FILENO);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  input_ = in[1];
  output_ = out[0];
  fcntl(output_, F_SETFL, O_NONBLOCK);
  if (pid_ < 0) throw LabError("cannot start " + command.front());
}

Process::~Process() {
  close(input_);
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    const auto deadline = Clock::now() + std::chrono::seconds(2);
    while (waitpid(pid_, nullptr, WNOHANG) == 0) {
      if (Clock::now() > deadline) kill(pid_, SIGKILL);
      usleep(2000);
    }
  }
  close(output_);
  close(errors_);
}

void Process::write_line(const std::string& line) {
  const std::string text = line + "\n";
  if (write(input_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) ended_ = true;
}

std::optional<std::string> Process::read_line(Clock::time_point deadline) {
  for (;;) {
    if (const auto end = pending_.find('\n'); end != pending_.npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      return line;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (ended_ || left <= 0) return std::nullopt;
    pollfd ready{output_, POLLIN, 0};
    poll(&ready, 1, static_cast<int>(left));
    fill();
  }
}

std::vector<std::string> Process::take_lines() {
  fill();
  std::vector<std::string> lines;
  while (pending_.find('\n') != pending_.npos)
    lines.push_back(*read_line(Clock::time_point::max()));
  return lines;
}

void Process::fill() {
  char bytes[8192];
  for (;;) {
    const ssize_t count = read(output_, bytes, sizeof bytes);
    if (count == 0) ended_ = true;
    if (count <= 0) return;
    pending_.append(bytes, static_cast<std::size_t>(count));
  }
}

std::string Process::complaint() const {
  char bytes[4096];
  const off_t size = lseek(errors_, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(sizeof bytes));
  const ssize_t count = pread(errors_, bytes, sizeof bytes, from);
  std::string text(bytes, count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (const auto line = text.rfind('\n'); line != text.npos) text.erase(0, line + 1);
  return text;
}

std::string program_path(const std::string& folder, const std::string& name) {
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  for (const auto& place : {here.parent_path() / folder / name, here / name})
    if (std::filesystem::exists(place)) return place.string();
  throw LabError("cannot find the program " + name + " beside " + here.string() +
                 "; build it (./dev build)");
}

}  // namespace stile::lab
