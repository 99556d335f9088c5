#include "tests/bench/load/process.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace stile::bench {

double cpu_seconds(int pid) {
  if (pid == 0) return 0;
  std::uint64_t nanoseconds = 0;
  const std::filesystem::path tasks = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& task : std::filesystem::directory_iterator(tasks)) {
    std::uint64_t of_task = 0;
    std::ifstream(task.path() / "schedstat") >> of_task;
    nanoseconds += of_task;
  }
  return static_cast<double>(nanoseconds) / 1e9;
}

std::uint64_t resident_bytes(int pid) {
  std::uint64_t pages = 0, resident = 0;
  std::ifstream("/proc/" + std::to_string(pid) + "/statm") >> pages >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace stile::bench
