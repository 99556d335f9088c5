#include "tests/bench/load/process.hpp"

#include <unistd.h>

#include <ctime>
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

double thread_seconds() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

std::uint64_t resident_bytes(int pid) {
  std::uint64_t pages = 0, resident = 0;
  std::ifstream("/proc/" + std::to_string(pid) + "/statm") >> pages >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace stile::bench
